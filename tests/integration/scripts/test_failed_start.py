"""What is wrong before or while everything starts: one clear line, exit code 1, nothing left running."""

import json
import re
import socket
import subprocess
from pathlib import Path

import pytest

from tests.support.launching import failed_run, processes_of, running_app


def test_a_port_in_use_is_named_with_what_to_do(tree: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = failed_run(tree, tmp_path, {"PORT": str(port)})

    assert code == 1
    assert said.startswith(f"port {port} is in use: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("port", ["http", "-1", "70000", "7071.5"])
def test_a_port_that_is_none_is_refused_by_name(tree: Path, tmp_path: Path, port: str) -> None:
    code, said = failed_run(tree, tmp_path, {"PORT": port})

    assert (code, said) == (1, "PORT must be a port number from 1 to 65535, or 0 for a free one\n")


def test_the_same_state_twice_is_refused_with_the_address_of_the_first(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path) as first:
        code, said = failed_run(tree, tmp_path)
        still_running = processes_of(tmp_path)

    assert code == 1
    assert said.startswith(f"{tmp_path} is in use by another copy ({first.base_url}, process {first.launcher_pid})")
    assert len(still_running) == 4


def test_a_missing_setting_is_named(own_tree: Path, tmp_path: Path) -> None:
    example = own_tree / "local.settings.json.example"
    settings = json.loads(example.read_text())
    del settings["Values"]["TASKHUB_NAME"]
    example.write_text(json.dumps(settings))

    code, said = failed_run(own_tree, tmp_path / "state")

    assert code == 1
    assert "TASKHUB_NAME" in said
    assert "Traceback" not in said
    assert processes_of(tmp_path / "state") == {}


@pytest.mark.parametrize(
    ("name", "value"), [("APPROVAL_THRESHOLD_CENTS", "plenty"), ("SHIP_FROM", '{"a": 1}'), ("PAYMENT_CAPTURE", "soon")]
)
def test_a_wrong_setting_is_named_and_nothing_stays_behind(tree: Path, tmp_path: Path, name: str, value: str) -> None:
    code, said = failed_run(tree, tmp_path / "state", {name: value})

    assert code == 1
    assert f"setting {name}: " in said
    assert value not in said
    assert "Traceback" not in said
    assert processes_of(tmp_path / "state") == {}


def test_a_broken_host_json_is_named(own_tree: Path, tmp_path: Path) -> None:
    (own_tree / "host.json").write_text("{")

    code, said = failed_run(own_tree, tmp_path / "state")

    assert code == 1
    assert "host.json is not valid JSON" in said
    assert "Traceback" not in said


def test_a_broken_settings_file_is_named(own_tree: Path, tmp_path: Path) -> None:
    (own_tree / "local.settings.json").write_text('{"Values": []}')

    code, said = failed_run(own_tree, tmp_path / "state")

    assert code == 1
    assert "local.settings.json must be a JSON object with an object `Values`" in said
    assert processes_of(tmp_path / "state") == {}


@pytest.mark.parametrize(
    ("app", "reported"),
    [("func.FunctionsApp()", r"\(function_app\.py:3\)$"), ("func.FunctionApp()", "no function to run")],
)
def test_a_broken_app_is_reported_in_one_line(own_tree: Path, tmp_path: Path, app: str, reported: str) -> None:
    (own_tree / "function_app.py").write_text(f"import azure.functions as func\n\napp = {app}\n")

    code, said = failed_run(own_tree, tmp_path / "state")

    assert code == 1
    _, problem = said.splitlines()  # the first line says what is being started
    assert re.search(reported, problem), problem
    assert processes_of(tmp_path / "state") == {}


def test_a_state_that_cannot_be_a_folder_is_refused(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("not a folder")

    code, said = failed_run(tree, tmp_path / "state")

    assert code == 1
    assert said.startswith(f"{tmp_path / 'state'} cannot hold state")


def test_an_old_python_is_refused_with_how_to_choose_another(tree: Path, tmp_path: Path) -> None:
    old = tmp_path / "python3.10"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    made = subprocess.run(
        ["make", "run", f"PYTHON={old}", "VENV=fresh"], cwd=tree, capture_output=True, text=True, check=False
    )

    assert made.returncode != 0
    assert made.stderr.startswith(f"Python 3.11 or newer is needed, and '{old}' is not; name one: make run PYTHON=")
    assert not (tree / "fresh").exists()
