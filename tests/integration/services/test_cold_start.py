"""A cold start imports no more than it needs: every module is waited for by the first caller."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.package import APP_FOLDERS, copy_app
from tests.support.shop import ROOT

# What a start may import of the app. Everything else belongs to the first call of a function that needs it.
OF_A_START = {"function_app", "function_index", "identity_settings", "setting_values", "domain", "domain.errors"}

CLIENTS = (
    "adapters.",
    "azure.core",
    "azure.data",
    "azure.identity",
    "azure.storage",
    "easypost",
    "jinja2",
    "requests",
    "stripe",
)

LOADED = "print(sorted(sys.modules))"
NAMES = "print([each.get_function_name() for each in function_app.app.get_functions()])"


def start(folder: Path, then: str, **environ: str) -> list[str]:
    """Start the app of a folder in a process of its own, as a host does; return the list that a statement prints."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    ran = subprocess.run(
        [sys.executable, "-c", f"import sys, function_app\n{then}"],
        cwd=folder,
        env={**inherited, **environ},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    found: list[str] = ast.literal_eval(ran.stdout)
    return found


def own(modules: list[str]) -> set[str]:
    files = {path.stem for path in ROOT.glob("*.py")}
    return {name for name in modules if name.partition(".")[0] in {*APP_FOLDERS, *files}}


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a copy of the app."""
    folder = tmp_path_factory.mktemp("copied") / "app"
    copy_app(folder)
    return folder


@pytest.fixture
def app(copied: Path) -> Path:
    """Return the folder of an app whose functions are not indexed."""
    for index in copied.glob("__pycache__/*.index"):
        index.unlink()
    return copied


def test_a_start_with_an_index_imports_no_function_and_no_library_that_only_functions_need(app: Path) -> None:
    start(app, NAMES)
    loaded = start(app, LOADED)
    assert own(loaded) <= OF_A_START
    assert [name for name in loaded if name.startswith((*CLIENTS, "pydantic.main", "pydantic.types"))] == []


def test_a_start_without_an_index_imports_no_client_of_a_provider_or_of_storage(app: Path) -> None:
    loaded = start(app, LOADED)
    assert own(loaded) > OF_A_START
    assert [name for name in loaded if name.startswith(CLIENTS)] == []


def test_a_function_that_was_added_or_removed_is_found_by_the_next_start(app: Path) -> None:
    before = start(app, NAMES)
    added = app / "activities" / "added.py"
    added.write_text(
        "import azure.durable_functions as df\n\nbp = df.Blueprint()\n\n\n"
        "@bp.activity_trigger(input_name='request')\ndef added(request: dict): ...\n"
    )
    assert set(start(app, NAMES)) - set(before) == {"added"}
    added.unlink()
    assert start(app, NAMES) == before


def test_what_a_setting_decides_is_decided_by_the_setting_of_each_start(app: Path) -> None:
    levels = "print([each.get_trigger().auth_level.name for each in function_app.app.get_functions() if each.is_http_function()])"
    for _ in range(2):  # the second start of each reads its index
        assert "start_manifest" in start(app, NAMES)
        assert "start_manifest_of_event" in start(app, NAMES, MANIFEST_EVENTS="queue")
        assert set(start(app, levels, IDENTITY="service_key")) == {"FUNCTION", "ANONYMOUS"}
        assert set(start(app, levels, IDENTITY="entra")) == {"ANONYMOUS"}


def test_a_start_where_nothing_may_be_kept_works(app: Path) -> None:
    assert "place_order" in start(app, NAMES, PYTHONDONTWRITEBYTECODE="1")
    assert list(app.glob("__pycache__/*.index")) == []


def test_an_index_that_was_cut_short_is_made_again(app: Path) -> None:
    whole = start(app, NAMES)
    (index,) = app.glob("__pycache__/*.index")
    index.write_bytes(index.read_bytes()[:16])
    assert start(app, NAMES) == whole
    assert own(start(app, LOADED)) <= OF_A_START


@pytest.mark.parametrize("left", [40, 4000])
def test_a_package_whose_index_cannot_be_read_starts_without(app: Path, left: int) -> None:
    write = "import function_index; function_index.write_unchecked_index()"
    whole = start(app, f"{write}\n{NAMES}")
    (index,) = app.glob("__pycache__/*.index")
    index.write_bytes(index.read_bytes()[:left])
    assert start(app, NAMES) == whole


def test_an_index_whose_file_cannot_be_read_is_made_again(app: Path) -> None:
    whole = start(app, NAMES)
    (index,) = app.glob("__pycache__/*.index")
    index.unlink()
    index.symlink_to("/proc/self/mem")  # refuses to be read, to the superuser as well
    assert start(app, NAMES) == whole
    assert own(start(app, LOADED)) <= OF_A_START
