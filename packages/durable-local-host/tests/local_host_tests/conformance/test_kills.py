"""Checks 24, 25, 49 and 72: a real process, killed or stopped in the middle of its work and started again."""

from collections import Counter
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from local_host.testing.process import HostProcess, eventually
from local_host_tests.conformance.process import host_process


def note(file: Path, text: str, until: Path | None = None) -> dict[str, Any]:
    """Return the input of the activity `write_down`, which waits, if its input says so, until a file exists."""
    return {"file": str(file), "text": text} | ({"until": str(until)} if until else {})


@pytest.mark.check(24)
def test_a_step_that_was_stored_is_not_run_again_after_a_kill(tmp_path: Path) -> None:
    state, written, release = tmp_path / "hub.db", tmp_path / "written", tmp_path / "release"
    notes = [note(written, "first"), note(written, "second", until=release)]
    with host_process(state) as host:
        instance = host.start("write_two_notes", notes)
        eventually(lambda: "second" in _lines(written))
        host.kill()
    release.touch()
    with host_process(state) as host:
        assert host.ended(instance)["output"] == "written"
    counts = Counter(_lines(written))
    assert counts["first"] == 1
    # It was running when the process died, so it ran again; at least once is what activities are promised.
    assert counts["second"] == 2


@pytest.mark.check(25)
def test_an_activity_that_a_kill_cut_short_runs_again_and_its_instance_completes_once(tmp_path: Path) -> None:
    state, written, release = tmp_path / "hub.db", tmp_path / "written", tmp_path / "release"
    with host_process(state) as host:
        instance = host.start("write_two_notes", [note(written, "first", until=release), note(written, "second")])
        eventually(lambda: _lines(written))
        host.kill()
    release.touch()
    with host_process(state) as host:
        assert host.ended(instance)["runtimeStatus"] == "Completed"
        history = host.request("GET", f"/runtime/webhooks/durabletask/instances/{instance}?showHistory=true")[
            "historyEvents"
        ]
    assert Counter(_lines(written)) == {"first": 2, "second": 1}
    assert Counter(event["EventType"] for event in history)["ExecutionCompleted"] == 1
    assert Counter(event["EventType"] for event in history)["TaskCompleted"] == 2


@pytest.mark.check(49)
def test_no_operation_of_an_entity_is_lost_or_doubled_by_a_kill(tmp_path: Path) -> None:
    state, written, release = tmp_path / "hub.db", tmp_path / "written", tmp_path / "release"
    with host_process(state) as host:
        instance = host.start("signal_write_call", note(written, "between", until=release))
        eventually(lambda: _lines(written))
        host.kill()
    release.touch()
    with host_process(state) as host:
        assert host.ended(instance)["output"] == 11
        assert host.request("GET", "/runtime/webhooks/durabletask/entities/counter/k") == 11


@pytest.mark.check(72)
def test_a_stop_during_an_activity_ends_the_process_and_the_activity_runs_again(tmp_path: Path) -> None:
    state, written, release = tmp_path / "hub.db", tmp_path / "written", tmp_path / "release"
    with host_process(state, grace_s=0.1) as host:
        instance = host.start("write_two_notes", [note(written, "first", until=release), note(written, "second")])
        eventually(lambda: _lines(written))
        # The activity cannot end, so it is the grace period that ends the process.
        assert host.terminate() == 0
    release.touch()
    with host_process(state) as host:
        assert host.ended(instance)["output"] == "written"
    assert Counter(_lines(written)) == {"first": 2, "second": 1}


@pytest.mark.check(72)
def test_a_stop_lets_a_running_activity_end_and_keeps_its_result(tmp_path: Path) -> None:
    state, written, release = tmp_path / "hub.db", tmp_path / "written", tmp_path / "release"
    with host_process(state, grace_s=60) as host:
        instance = host.start("write_two_notes", [note(written, "first", until=release), note(written, "second")])
        eventually(lambda: _lines(written))
        host.process.terminate()
        eventually(lambda: _takes_no_requests(host))
        release.touch()
        assert host.process.wait(timeout=300) == 0
    with host_process(state) as host:
        assert host.ended(instance)["output"] == "written"
    assert Counter(_lines(written)) == {"first": 1, "second": 1}


def _takes_no_requests(host: HostProcess) -> bool:
    try:
        host.request("GET", "/api/items")
    except HTTPError as refusal:
        return refusal.code == 503
    return False


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []
