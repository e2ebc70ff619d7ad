"""`make func` around a stand-in for Core Tools, which no package registry of Python brings."""

import json
import os
import shutil
from pathlib import Path

from tests.support.launching import Launched, launched, processes_of

FREE_PORTS = {f"{name}_PORT": "0" for name in ("AZURITE_BLOB", "AZURITE_QUEUE", "AZURITE_TABLE", "SANDBOX", "MAIL")}
STAND_IN = """#!/bin/sh
trap 'echo interrupted; exit 0' INT
echo "func $* with $SHOP_STORAGE and $STRIPE_API_BASE, python $(command -v python)"
while :; do sleep 0.1; done
"""


def func_on_path(folder: Path, script: str) -> dict[str, str]:
    folder.mkdir()
    (folder / "func").write_text(script)
    (folder / "func").chmod(0o755)
    return {**FREE_PORTS, "PATH": f"{folder}:{os.environ['PATH']}"}


def read_until(func: Launched, text: bytes) -> None:
    while text not in func.output:
        assert func.read(), func.text


def test_the_app_runs_under_func_with_storage_and_sandbox_and_all_of_it_stops(own_tree: Path, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with launched(["make", "func"], own_tree, state, func_on_path(tmp_path / "bin", STAND_IN)) as func:
        read_until(func, b"/.venv/bin/python")
        assert len(processes_of(state)) == 3
        func.press_ctrl_c()
        assert func.wait() == 0, func.text

    assert "func start --port " in func.text
    assert "BlobEndpoint=http://127.0.0.1:" in func.text
    assert "interrupted" in func.text
    assert processes_of(state) == {}


def test_settings_are_copied_once_and_then_left_alone(own_tree: Path, tmp_path: Path) -> None:
    mine = json.dumps({"Values": {"FUNCTIONS_WORKER_RUNTIME": "python", "TASKHUB_NAME": "Mine"}})
    environment = func_on_path(tmp_path / "bin", "#!/bin/sh\nexit 3\n")
    copied = own_tree / "local.settings.json"
    example = (own_tree / "local.settings.json.example").read_text()

    with launched(["make", "func"], own_tree, tmp_path / "state", environment) as func:
        func.wait()
    assert copied.read_text() == example

    copied.write_text(mine)
    with launched(["make", "func"], own_tree, tmp_path / "state", environment) as func:
        assert func.wait() != 0
    assert copied.read_text() == mine
    assert "ended by itself with 3" in func.text


ENDS_TWICE = """#!/bin/sh
echo start >> "$STARTS"
trap 'exit 0' INT
[ "$(wc -l < "$STARTS")" -lt 3 ] && exit 1
echo "third start"
while :; do sleep 0.1; done
"""


def test_a_host_that_ended_itself_is_started_again(own_tree: Path, tmp_path: Path) -> None:
    environment = func_on_path(tmp_path / "bin", ENDS_TWICE) | {"STARTS": str(tmp_path / "starts")}
    with launched(["make", "func"], own_tree, tmp_path / "state", environment) as func:
        read_until(func, b"third start")
        func.press_ctrl_c()
        assert func.wait() == 0, func.text
    assert "ended by itself with 1; starting it again (2 of 3)" in func.text


def test_a_host_that_ends_too_often_is_given_up(own_tree: Path, tmp_path: Path) -> None:
    script = '#!/bin/sh\necho start >> "$STARTS"\nexit 1\n'
    environment = func_on_path(tmp_path / "bin", script) | {"STARTS": str(tmp_path / "starts")}
    with launched(["make", "func"], own_tree, tmp_path / "state", environment) as func:
        assert func.wait() != 0
    assert "ended by itself with 1, 4 times within half an hour" in func.text
    assert (tmp_path / "starts").read_text().count("start") == 4


def test_without_func_it_says_how_to_get_it(tree: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("make", "sh", "node"):
        program = shutil.which(name)
        assert program is not None
        (tools / name).symlink_to(program)

    with launched(["make", "func"], tree, tmp_path / "state", {"PATH": str(tools)}) as func:
        assert func.wait() != 0

    assert "npm install -g azure-functions-core-tools@4" in func.text
    assert "`make run` runs the same app without it." in func.text
