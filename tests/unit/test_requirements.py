"""What is installed is pinned with its hashes, and is enough for the packages of this repository."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from tests.unit.docs.markdown import ROOT, tracked

FILES = [name for name in tracked() if re.fullmatch(r"requirements[\w-]*\.txt", name.rpartition("/")[2])]


def entries(name: str) -> list[tuple[Requirement, list[str]]]:
    """Return every requirement of a file, with its hashes."""
    lines = re.sub(r"^ *#.*$", "", (ROOT / name).read_text(), flags=re.MULTILINE).replace("\\\n", " ").splitlines()
    parts = [line.split(" --hash=") for line in lines if line.strip()]
    return [(Requirement(first), [each.strip() for each in hashes]) for first, *hashes in parts]


def pinned(name: str, environment: dict[str, str]) -> dict[str, str]:
    """Return the version of every distribution that a file installs in an environment."""
    return {
        requirement.name: str(requirement.specifier).removeprefix("==")
        for requirement, _ in entries(name)
        if requirement.marker is None or requirement.marker.evaluate(environment)
    }


@pytest.mark.parametrize("name", FILES)
def test_every_requirement_is_pinned_with_its_hashes(name):
    found = entries(name)
    assert len(found) > 10
    assert [str(one) for one, hashes in found if not hashes or not str(one.specifier).startswith("==")] == []
    assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", each) for _, hashes in found for each in hashes)


@pytest.mark.parametrize("python", ["3.11", "3.13"])
@pytest.mark.parametrize("package", sorted((ROOT / "packages").iterdir()), ids=lambda path: path.name)
def test_what_make_run_installs_is_enough_for_our_packages(package: Path, python: str):
    project = tomllib.loads((package / "pyproject.toml").read_text())
    needed = project["project"]["dependencies"] + project["project"].get("optional-dependencies", {}).get("storage", [])
    environment = {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}
    installed = pinned("requirements-local.txt", environment)
    wanted = [one for one in map(Requirement, needed) if one.marker is None or one.marker.evaluate(environment)]
    assert [str(one) for one in wanted if installed.get(one.name, "") not in one.specifier] == []
    (backend,) = map(Requirement, project["build-system"]["requires"])
    assert installed[backend.name.replace("_", "-")] in backend.specifier


def test_all_files_pin_the_same_versions():
    app, local, dev = (
        dict(pinned(f"requirements{kind}.txt", default_environment())) for kind in ("", "-local", "-dev")
    )
    assert app.items() <= local.items() <= dev.items()
