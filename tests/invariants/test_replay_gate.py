"""Orders that began under an earlier release go on under this one: their recorded histories replay.

A history that no longer replays names itself in the test's id. Then either keep the old way for orders that are on it (a version,
an `if` on what the history shows), or, if no order can be running, record anew.
"""

import json
import re
from collections.abc import Generator
from typing import Any

import pytest

from local_host.engine.executor import FunctionKind
from local_host.engine.history_events import EventType
from local_host.testing import app_index
from local_host.testing.recording import ReplayFailed, replay
from orchestrators import process_order as orchestrator_module
from orchestrators.order_run import OrderRun
from orchestrators.process_order import process_order
from tests.invariants.record import HISTORIES, KEPT, NAMES
from tests.support.shop import ROOT

RECORDED = sorted(path.relative_to(HISTORIES).with_suffix("").as_posix() for path in HISTORIES.rglob("*.json"))
MAX_HISTORY_BYTES = 50_000


def text_of(name: str) -> str:
    return (HISTORIES / f"{name}.json").read_text(encoding="utf-8")


def recording(name: str) -> dict[str, Any]:
    return dict(json.loads(text_of(name)))


def test_every_kind_of_ending_of_every_orchestrator_is_recorded():
    assert set(RECORDED) == NAMES | KEPT
    assert {name.partition("/")[0] for name in RECORDED} == set(
        app_index(ROOT).durable_names(FunctionKind.ORCHESTRATOR)
    )


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_instance_replays(name: str):
    recorded = recording(name)
    orchestrator = app_index(ROOT).find(FunctionKind.ORCHESTRATOR, recorded["name"])
    assert orchestrator is not None
    replay(orchestrator.call, recorded)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recording_is_small_and_says_nothing_of_the_machine_it_was_made_on(name: str):
    text = text_of(name)
    assert len(text) < MAX_HISTORY_BYTES
    assert re.findall(r"\.py\b|[\\/](?:home|Users|tmp|usr|root|work)[\\/]|127\.0\.0\.1:\d{2,}", text) == []


def activities_of(recorded: dict[str, Any]) -> list[dict[str, Any]]:
    return [event for event in recorded["history"] if event["EventType"] == EventType.TASK_SCHEDULED]


def nothing(*_: Any) -> Generator[Any, Any, Any]:
    yield from ()


def closed_twice(run: OrderRun) -> Generator[Any, Any, Any]:
    yield from CLOSE(run)
    yield from CLOSE(run)


CLOSE = orchestrator_module.close


@pytest.mark.filterwarnings(
    "ignore:Potential duplicate Task completion"
)  # the SDK meets answers that it did not ask for
@pytest.mark.parametrize(
    ("function", "changed", "broken"),
    [
        pytest.param("prepare", nothing, "completed", id="an activity left out"),
        pytest.param("create_shipment", nothing, "version_1_0/completed", id="a step left out of an older version"),
        pytest.param("wait_for_approval", nothing, "approved", id="a wait left out"),
        pytest.param("close", closed_twice, "declined", id="an activity more at the end"),
        pytest.param("prepare", orchestrator_module.create_shipment, "undeliverable", id="another order of steps"),
    ],
)
def test_a_change_that_would_break_running_orders_is_noticed(monkeypatch, function: str, changed: Any, broken: str):
    monkeypatch.setattr(orchestrator_module, function, changed)
    with pytest.raises(ReplayFailed, match="process_order"):
        replay(process_order, recording(f"process_order/{broken}"))


@pytest.mark.parametrize("orchestrator", sorted(app_index(ROOT).durable_names(FunctionKind.ORCHESTRATOR)))
def test_a_difference_is_noticed_in_every_orchestrator(orchestrator: str):
    recordings = [recording(name) for name in RECORDED if name.startswith(f"{orchestrator}/")]
    recorded = max(recordings, key=lambda each: len(activities_of(each)))
    if activities := activities_of(recorded):
        activities[-1]["Name"] = "another_activity"
    else:
        calls = [event for event in recorded["history"] if event["EventType"] == EventType.EVENT_SENT]
        calls[-1] |= {"EventType": EventType.TASK_SCHEDULED, "Name": "another_activity"}
    found = app_index(ROOT).find(FunctionKind.ORCHESTRATOR, orchestrator)
    assert found is not None
    with pytest.raises(ReplayFailed, match=orchestrator):
        replay(found.call, recorded)
