"""The real worker runtime indexes every app that there is: the shop, its package, and the apps that tests run."""

import asyncio
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from local_host.testing import app_index
from scripts.package import SITE_PACKAGES, Target, build
from tests.support.shop import ROOT
from tests.support.worker import NotLoaded, running_worker

_TESTS = [ROOT / "tests", *ROOT.glob("packages/*/tests")]
APPS = sorted({path.parent for folder in _TESTS for path in folder.rglob("function_app.py")} | {ROOT})
THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def _listed_by_local_host(directory: Path) -> set[str]:
    """In a process of its own: an app is imported once in a process, and several of them name their modules alike."""
    code = "import sys; from local_host.testing import app_index; print(*app_index(sys.argv[1]).functions)"
    command = [sys.executable, "-c", code, str(directory)]
    return set(subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.split())


@pytest.mark.parametrize("directory", APPS, ids=lambda path: path.name)
async def test_the_runtime_lists_the_functions_that_local_host_lists(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCRATCH", str(tmp_path))
    async with running_worker(directory) as worker:
        await worker.load(directory)
    assert set(worker.functions) == await asyncio.to_thread(_listed_by_local_host, directory)


@pytest.mark.skipif("OTHER_PACKAGES" not in os.environ, reason="OTHER_PACKAGES names no folder: see docs/testing.md")
async def test_the_app_loads_with_other_versions_of_its_packages() -> None:
    async with running_worker(ROOT, packages=Path(os.environ["OTHER_PACKAGES"])) as worker:
        await worker.load(ROOT)
    added = {name for name in worker.functions if name.startswith("BuiltIn__")}  # the Durable SDK's own, from 2.0 on
    assert set(worker.functions) - added == set(app_index(ROOT).functions)


def test_the_apps_were_found() -> None:
    assert {"conformance", "patterns", "storage", ROOT.name} <= {app.name for app in APPS}


async def test_one_annotation_that_the_runtime_refuses_ends_the_loading_of_the_whole_app(tmp_path: Path) -> None:
    (tmp_path / "function_app.py").write_text(
        "import azure.durable_functions as df\n"
        "app = df.DFApp()\n"
        "@app.activity_trigger(input_name='good')\n"
        "def taken(good: dict): ...\n"
        "@app.activity_trigger(input_name='bad')\n"
        "def refused(bad: dict[str, str]): ...\n",
        encoding="utf-8",
    )
    async with running_worker(tmp_path) as worker:
        with pytest.raises(
            NotLoaded, match=r"cannot load the refused function: binding bad has invalid non-type annotation"
        ):
            await worker.load(tmp_path)
    assert worker.functions == {}


# It installs everything: seconds on an idle machine, minutes on a busy one.
@pytest.mark.timeout(900)
async def test_the_package_loads_with_the_packages_that_it_brings(tmp_path: Path) -> None:
    package = await asyncio.to_thread(build, Target(python=THIS_PYTHON), tmp_path / "dist")
    app = tmp_path / "wwwroot"
    with zipfile.ZipFile(package) as zipped:
        zipped.extractall(app)
    environ = {"PATH": os.defpath}
    async with running_worker(app, environ, packages=app / SITE_PACKAGES) as worker:
        await worker.load(app)
        document = await worker.call("get_openapi", {"req": {"http": _GET}})
    assert set(worker.functions) == set(app_index(ROOT).functions)
    assert "/orders" in document.json["paths"]


_GET = {
    "method": "GET",
    "url": "http://127.0.0.1/api/openapi.json",
    "headers": {},
    "query": {},
    "params": {},
    "body": {"bytes": ""},
}
