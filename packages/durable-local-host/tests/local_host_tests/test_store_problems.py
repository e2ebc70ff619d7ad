"""A store that cannot be written is reported and loses nothing that was answered: real processes, a disk that takes no more."""

from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from local_host.testing.process import HostProcess
from local_host_tests.conformance.process import host_process
from local_host_tests.conformance.support import APP, PACKAGE

NAME = "two_steps"


def refused_start(state: Path) -> str:
    """Return the one line with which a start on that state ends."""
    command = [sys.executable, "-m", "local_host", "start", "--app", str(APP), "--port", "0", "--state", str(state)]
    ended = subprocess.run(command, cwd=PACKAGE, capture_output=True, text=True, timeout=300, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("local_host: ")
    assert ended.stderr.count("\n") == 1
    return ended.stderr


def host_status(host: HostProcess) -> dict[str, Any]:
    return dict(host.request("GET", "/admin/host/status"))


def refusal(host: HostProcess) -> tuple[int, str]:
    """Return the answer to a start that cannot be stored."""
    with pytest.raises(HTTPError) as refused:
        host.start(NAME)
    return refused.value.code, refused.value.read().decode()


def test_a_full_disk_is_reported_and_what_was_accepted_is_there_afterwards(tmp_path: Path) -> None:
    state = tmp_path / "hub.db"
    with host_process(state) as host:
        before = host.start(NAME)
        host.ended(before)
        pid = host.process.pid
        largest = max(path.stat().st_size for path in tmp_path.glob("hub.db*"))
        # No file of the process may grow: what a full disk looks like from inside.
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        code, text = 202, ""
        accepted = [before]
        while code == 202:  # until the room inside the file is used up
            try:
                accepted.append(host.start(NAME, "x" * 50_000))
            except HTTPError as refused:
                code, text = refused.code, refused.read().decode()
        assert code == 503
        assert "The state file cannot be written" in text
        status = host_status(host)
        assert status["state"] == "Error"
        assert "cannot be written" in status["errors"][0]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        for instance_id in [*accepted, host.start(NAME)]:
            assert host.ended(instance_id)["runtimeStatus"] == "Completed"
        assert host_status(host)["state"] == "Running"


@pytest.mark.parametrize("is_replaced", [True, False], ids=["replaced", "removed"])
def test_a_state_file_that_is_no_longer_there_is_noticed(tmp_path: Path, is_replaced: bool) -> None:
    state, kept = tmp_path / "hub.db", tmp_path / "kept.db"
    with host_process(state) as host:
        instance_id = host.start(NAME)
        host.ended(instance_id)
        state.rename(kept)
        if is_replaced:
            state.touch()
        code, text = refusal(host)
        assert (code, "was removed or replaced while the host runs" in text) == (503, True)
        assert host_status(host)["state"] == "Error"
        kept.replace(state)
        host.ended(host.start(NAME))
        assert host_status(host)["state"] == "Running"


def remove(state: Path) -> None:
    for path in state.parent.glob("hub.db*"):
        if path.suffix != ".lock":
            path.unlink()


def empty(state: Path) -> None:
    remove(state)
    state.touch()


@pytest.mark.parametrize(
    ("change", "is_named"), [(remove, True), (empty, True), (lambda _: None, False)], ids=["removed", "emptied", "kept"]
)
def test_a_start_reports_that_the_state_of_an_earlier_host_is_gone(
    tmp_path: Path, change: Callable[[Path], None], is_named: bool
) -> None:
    state, log = tmp_path / "hub.db", tmp_path / "log"
    text = "is new or empty, and an earlier host had one: its instances are gone"
    with log.open("w") as lines, host_process(state, log=lines) as host:
        host.terminate()
    assert text not in log.read_text()
    change(state)
    with log.open("w") as lines, host_process(state, log=lines) as host:
        host.terminate()
    assert (text in log.read_text()) is is_named


def test_state_is_for_its_owner_alone(tmp_path: Path) -> None:
    state = tmp_path / "own" / "hub.db"
    with host_process(state) as host:
        host.ended(host.start(NAME))
        rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in [state.parent, *state.parent.iterdir()]}
    assert rights.pop("own") == 0o700
    assert {"hub.db", "hub.db-wal", "hub.db.lock", "hub.db.timers.json"} <= rights.keys()
    assert set(rights.values()) == {0o600}


def test_a_folder_that_cannot_be_written_is_reported_in_one_line() -> None:
    # No rights of root reach there, so it stands for a read-only folder on every machine.
    assert "The state" in refused_start(Path("/proc/sys/hub.db"))


def test_a_state_that_is_a_folder_is_reported_in_one_line(tmp_path: Path) -> None:
    assert f"The state file {tmp_path} cannot be used" in refused_start(tmp_path)


def written_state(folder: Path) -> Path:
    """Return a state file of an earlier host, with an instance that is under way."""
    state = folder / "hub.db"
    with host_process(state) as host:
        for _ in range(20):
            host.start(NAME, "x" * 2_000)
        host.terminate()
    with sqlite3.connect(state) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return state


@pytest.mark.parametrize("pages", ["first", "others", "all"])
def test_damaged_pages_are_reported_in_one_line(tmp_path: Path, pages: str) -> None:
    state = written_state(tmp_path)
    size = state.stat().st_size
    begin, end = {"first": (0, 4096), "others": (4096, size), "all": (0, size)}[pages]
    with state.open("r+b") as file:
        file.seek(begin)
        file.write(b"\xa5" * (end - begin))
    assert f"The state file {state} " in refused_start(state)
