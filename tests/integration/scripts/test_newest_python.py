"""The Python for the platform tests is found where a machine may have it, and a stand-in that does not run is none."""

import sys
from pathlib import Path

import pytest

from scripts.newest_python import newest

pytestmark = pytest.mark.skipif(
    sys.version_info >= (3, 14), reason="the Python that runs the tests is the newest itself"
)
NOT_CHOSEN = "echo 'pyenv: python3.14: command not found' >&2; exit 127"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Its programs are in `bin`, what pyenv has installed in `pyenv/versions`."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def program(path: Path, does: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{does}\n", encoding="utf-8")
    path.chmod(0o755)
    return path


def test_python_on_the_path_is_found(machine: Path) -> None:
    python = program(machine / "bin" / "python3.14", "echo 14")
    assert newest() == str(python)


def test_stand_in_that_does_not_run_leads_to_the_newest_that_pyenv_has(machine: Path) -> None:
    program(machine / "bin" / "python3.14", NOT_CHOSEN)
    versions = machine / "pyenv" / "versions"
    program(versions / "3.14.0rc1" / "bin" / "python", "echo 14")
    program(versions / "3.14.9" / "bin" / "python", "echo 14")
    newest_of_all = program(versions / "3.14.10" / "bin" / "python", "echo 14")
    assert newest() == str(newest_of_all)


@pytest.mark.skipif(sys.version_info >= (3, 13), reason="the Python that runs the tests will do")
def test_older_and_broken_ones_are_none(machine: Path) -> None:
    program(machine / "bin" / "python3.14", NOT_CHOSEN)
    program(machine / "bin" / "python3.13", "echo 12")
    program(machine / "bin" / "python3.12", "echo 12")
    assert newest() is None
