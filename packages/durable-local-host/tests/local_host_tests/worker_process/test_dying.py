"""The worker process dies, and the host makes of it what recordings of the real host show."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from local_host.testing.process import HostProcess, eventually
from local_host.worker_process.apart import GIVEN_UP
from local_host_tests.conformance.process import host_process
from local_host_tests.conformance.support import APPS, MANAGEMENT

APP = APPS / "mortal"
RECORDINGS = APPS.parent / "testing/recordings"
KILLED = "exited with code 137 (0x89)"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where the app finds out what it is to do."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def host(tmp_path: Path, scratch: Path) -> Iterator[HostProcess]:
    log = (tmp_path / "log").open("w")
    with log, host_process(tmp_path / "hub.db", app=APP, environment={"SCRATCH": str(scratch)}, log=log) as running:
        yield running


def recorded(case: str) -> dict[str, Any]:
    return dict(json.loads((RECORDINGS / f"{case}.json").read_text())["client"]["full"]["body"])


def history(host: HostProcess, instance: str) -> list[dict[str, Any]]:
    query = "showHistory=true&showHistoryOutput=true"
    return list(host.request("GET", f"{MANAGEMENT}/instances/{instance}?{query}")["historyEvents"])


def pid_of(path: Path) -> int:
    return int(eventually(lambda: path.exists() and path.read_text()) or 0)


@pytest.mark.parametrize(("episode", "case"), [(1, "crash-in-the-first-episode"), (2, "crash-in-the-second-episode")])
def test_an_episode_that_ends_its_process_ends_as_recorded(host: HostProcess, episode: int, case: str) -> None:
    real = recorded(case)
    instance = host.start("exits_in_an_episode", {"episode": episode})
    ended = host.ended(instance)
    assert ended["runtimeStatus"] == real["runtimeStatus"] == "Failed"
    assert without_path(ended["output"]) == without_path(real["output"])
    assert [each["EventType"] for each in history(host, instance)] == [
        each["EventType"] for each in real["historyEvents"]
    ]
    assert host.ended(host.start("call", ["echo", 1]))["output"] == {"result": 1}


def test_an_activity_that_ends_its_process_comes_back_as_recorded(host: HostProcess) -> None:
    real = next(each for each in recorded("crash-of-the-worker")["historyEvents"] if each["EventType"] == "TaskFailed")
    instance = host.start("call", ["exit_once", "k"])
    assert "error" in host.ended(instance)["output"]
    failed = next(each for each in history(host, instance) if each["EventType"] == "TaskFailed")
    assert without_path(failed["Reason"]) == without_path(real["Reason"])
    assert json.loads(failed["Details"]).keys() == json.loads(real["Details"]).keys()
    assert host.ended(host.start("call", ["exit_once", "k"]))["output"] == {"result": "second life"}


def test_a_batch_of_an_entity_that_ends_its_process_is_repeated(host: HostProcess) -> None:
    assert host.ended(host.start("count", "k"))["output"] == 1


def test_a_kill_costs_all_that_is_in_hand_and_nothing_else(host: HostProcess, scratch: Path, tmp_path: Path) -> None:
    instances = {name: host.start("call", ["wait_for_file", name]) for name in ("a", "b")}
    victim = pid_of(scratch / "a-begun")
    assert pid_of(scratch / "b-begun") == victim != host.process.pid
    os.kill(victim, signal.SIGKILL)
    for name, instance in instances.items():
        assert "Activity function 'wait_for_file' failed: " in host.ended(instance)["output"]["error"]
        assert KILLED in host.ended(instance)["output"]["error"]
        (scratch / f"{name}-may-end").touch()
    assert host.request("GET", "/api/pid") not in (victim, host.process.pid)
    log = (tmp_path / "log").read_text()
    assert f"Language Worker Process exited. Pid={victim}." in log
    assert KILLED in log


def test_a_request_in_hand_answers_500(host: HostProcess) -> None:
    with pytest.raises(HTTPError, match="500"):
        host.request("POST", "/api/die")
    assert host.request("GET", "/api/pid")


def test_after_three_deaths_the_host_starts_afresh_where_it_was_with_its_state(
    host: HostProcess, tmp_path: Path
) -> None:
    before = host.start("call", ["echo", 1])
    assert host.ended(before)["output"] == {"result": 1}
    url = host.url
    for _ in range(3):
        with pytest.raises(HTTPError, match="500"):
            host.request("POST", "/api/die")
    assert host.next_ready_url() == url
    assert GIVEN_UP in (tmp_path / "log").read_text()
    assert host.status(before)["runtimeStatus"] == "Completed"
    assert host.ended(host.start("call", ["echo", 2]))["output"] == {"result": 2}


def test_a_worker_does_not_outlive_its_host(host: HostProcess, scratch: Path) -> None:
    host.start("call", ["wait_for_file", "w"])
    worker = pid_of(scratch / "w-begun")
    host.kill()
    eventually(lambda: not is_running(worker))


def is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def without_path(text: str) -> str:
    """Return the worker's executable has another place on each machine."""
    head, found, tail = text.partition(" exited with code ")
    if not found:
        return text
    start = max(head.rfind("("), head.rfind(": ")) + 1
    return f"{head[:start]}<path>{found}{tail}".replace("  <path>", " <path>")
