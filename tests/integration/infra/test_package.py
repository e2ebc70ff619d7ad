"""`make package`: what it makes runs in a bare environment, whole and reproducible."""

import json
import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

from blueprints import FOLDERS
from scripts.errors import LaunchFailed
from scripts.host_json import host_json
from scripts.package import SITE_PACKAGES, Target, archive, build, copy_app, install_packages, parsed, warning
from tests.support.launching import ROOT
from tests.support.templates.bicep import INFRA

THIS_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
AS_IN_AZURE = {"PATH": os.defpath, "MANIFEST_EVENTS": "queue"}
LIST_FUNCTIONS = """
import json, sys
sys.path[:0] = [{app!r}, {packages!r}]
import function_app
assert "blueprints" not in sys.modules, "the functions are not read from the package's index"
print(json.dumps({{function.get_function_name(): function_app.__file__ for function in function_app.app.get_functions()}}))
"""


def functions(app: Path, packages: Path, **environ: str) -> dict[str, str]:
    """Import the app with nothing but the standard library beside it; its functions, and the file that it came from."""
    code = LIST_FUNCTIONS.format(app=str(app), packages=str(packages))
    # -S and -I: no site-packages of this machine, no environment, no current folder.
    command = [sys.executable, "-I", "-S", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=app, env={**AS_IN_AZURE, **environ})
    assert done.returncode == 0, done.stderr
    found: dict[str, str] = json.loads(done.stdout)
    return found


def unlike_their_lists(packages: Path) -> list[str]:
    """Return what packages list of themselves and is not there: it was made for the machine that packaged them."""
    lines = [line for record in packages.glob("*.dist-info/RECORD") for line in record.read_text().splitlines()]
    return [line for line in lines if not (packages / line.split(",")[0]).exists()]


def installed(packages: Path) -> set[tuple[str, str]]:
    return {(each.name, each.version) for each in distributions(path=[str(packages)])}


def listed(sbom: Path) -> set[tuple[str, str]]:
    """Return name and version of what a bill of materials lists; nothing in it may be of this machine or without a licence."""
    text = sbom.read_text()
    assert "file://" not in text
    components = json.loads(text)["components"]
    assert [component["name"] for component in components if not component.get("licenses")] == []
    return {(component["name"], component["version"]) for component in components}


# It installs and compiles everything: seconds on an idle machine, minutes on a busy one.
@pytest.mark.timeout(900)
def test_package_runs_unpacked_in_a_bare_environment(tmp_path):
    package = build(Target(plan="EP1", backend="DurableTaskScheduler", python=THIS_PYTHON), tmp_path / "dist")
    app = tmp_path / "wwwroot"
    with zipfile.ZipFile(package) as zipped:
        zipped.extractall(app)

    found = functions(app, app / SITE_PACKAGES)

    assert functions(app, app / SITE_PACKAGES, IDENTITY="entra") == found
    assert unlike_their_lists(app / SITE_PACKAGES) == []
    assert listed(package.with_name("sbom.cdx.json")) == installed(app / SITE_PACKAGES)
    assert {"place_order", "process_order", "inventory", "authorise_payment", "recover_runs"} <= set(found)
    assert "start_manifest_of_event" in found, "no plan looks for blobs"
    assert "start_manifest" not in found
    assert "start_manifest" in functions(app, app / SITE_PACKAGES, MANIFEST_EVENTS="blob"), "as in the container image"
    assert set(found.values()) == {str(app / "function_app.py")}
    assert json.loads((app / "host.json").read_text()) == host_json("EP1", "DurableTaskScheduler")
    assert {"services", "triggers"} <= {path.name for path in app.iterdir()}
    assert not {"tests", "packages", "local_host", "sandbox", "infra", "local.settings.json"} & {
        path.name for path in app.iterdir()
    }
    compiled = {path.name for path in app.rglob(f"*.cpython-{THIS_PYTHON.replace('.', '')}.pyc")}
    assert {
        f"{name}.cpython-{THIS_PYTHON.replace('.', '')}.pyc"
        for name in ("function_app", "process_order", "_stripe_client")
    } <= compiled


def test_same_sources_make_the_same_archive(tmp_path):
    for name in ("first", "second"):
        copy_app(tmp_path / name)
    os.utime(tmp_path / "second" / "function_app.py", (0, 0))
    first, second = (archive(tmp_path / name, tmp_path / f"{name}.zip").read_bytes() for name in ("first", "second"))
    assert first == second


def test_packages_that_cannot_be_had_end_the_build_with_a_reason(tmp_path):
    with pytest.raises(LaunchFailed, match=r"could not be installed for Python 2\.7"):
        install_packages(tmp_path, "2.7")


def test_target_is_taken_from_azds_environment(monkeypatch):
    for name, value in {"APP_PLAN": "EP2", "APP_BACKEND": "MSSQL", "APP_PYTHON": ""}.items():
        monkeypatch.setenv(name, value)
    assert parsed([]) == Target(plan="EP2", backend="MSSQL", python="3.12")
    assert parsed(["--plan", "Y1", "--backend", "AzureStorage"]).plan == "Y1"


@pytest.mark.parametrize("wrong", ["0", "17", "four"])
def test_partitions_that_a_hub_cannot_have_are_refused(monkeypatch, capsys, wrong):
    monkeypatch.setenv("APP_PARTITIONS", wrong)
    with pytest.raises(SystemExit):
        parsed([])
    assert "APP_PARTITIONS): must be from 1 to 16" in capsys.readouterr().err
    monkeypatch.setenv("APP_PARTITIONS", "16")
    assert parsed([]).partitions == 16


def test_package_and_template_agree_on_what_is_usual():
    main = (INFRA / "main.bicep").read_text()
    defaults = dict(re.findall(r"^param (plan|backend|pythonVersion) string = '([^']+)'", main, re.M))
    assert defaults == {"plan": Target().plan, "backend": Target().backend, "pythonVersion": Target().python}


def test_every_folder_of_the_app_is_packaged(tmp_path):
    copy_app(tmp_path / "app")
    own = {folder.partition(".")[0] for folder in FOLDERS} | {"adapters", "domain", "services"}
    assert own <= {path.name for path in (tmp_path / "app").iterdir()}


# What a shop may use and change without publishing its own code. MPL 2.0 asks that of the files under it only.
LICENCES = (
    "MIT",
    "MIT-0",
    "BSD",
    "Apache",
    "ISC",
    "Python Software Foundation",
    "PSF-2.0",
    "Mozilla Public License 2.0 (MPL 2.0)",
)
# orderedmultidict calls its dedication to the public domain "Freely Distributable" (its LICENSE.md is the Unlicense).
PUBLIC_DOMAIN = ("The Unlicense (Unlicense)", "Public Domain", "Freely Distributable")


def test_every_package_of_the_app_has_a_licence_that_a_shop_can_live_with():
    packages = re.findall(r"^([\w.-]+)==", (ROOT / "requirements.txt").read_text(), flags=re.MULTILINE)
    command = [sys.executable, "-m", "piplicenses", "--packages", *packages, "--partial-match"]
    checked = subprocess.run(
        [*command, "--allow-only", ";".join(LICENCES + PUBLIC_DOMAIN)], check=False, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stderr
    assert subprocess.run([*command, "--allow-only", "ISC"], check=False, capture_output=True).returncode != 0


@pytest.mark.parametrize(
    ("arguments", "warns"),
    [(["--partitions", "8"], True), ([], False), (["--backend", "MSSQL", "--partitions", "8"], False)],
)
def test_a_chosen_count_of_partitions_is_announced_as_the_hubs_for_life(arguments, warns, monkeypatch):
    monkeypatch.delenv("APP_PARTITIONS", raising=False)
    said = warning(parsed(arguments)) or ""
    assert ("8 partitions, for the life of the task hub" in said) is warns
