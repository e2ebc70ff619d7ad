"""Orders that began under an earlier release go on under this one: their recorded histories replay.

A history that no longer replays names itself in the test's id. Then either keep the old way for orders that are on it (a version,
an `if` on what the history shows), or, if no order can be running, record anew.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from local_host.testing.recording import ReplayFailed, replay
from orchestrators import process_order as story
from orchestrators.process_order import process_order
from orchestrators.replay_dead_letter import replay_dead_letter
from orchestrators.saga import Saga
from tests.proofs.record import HISTORIES
from tests.proofs.stories import STORIES

ORCHESTRATORS = {"process_order": process_order, "replay_dead_letter": replay_dead_letter}
PATHS = sorted(HISTORIES.glob("*.json"))


def recording(name: str) -> dict[str, Any]:
    return dict(json.loads((HISTORIES / f"{name}.json").read_text(encoding="utf-8")))


def test_every_kind_of_ending_is_recorded():
    assert {path.stem for path in PATHS} == {*STORIES, "dead_letter_replayed"}


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_a_recorded_instance_replays(path: Path):
    recorded = recording(path.stem)
    replay(ORCHESTRATORS[recorded["name"]], recorded)


def nothing(*_: Any) -> Generator[Any, Any, Any]:
    yield from ()


def recorded_twice(saga: Saga) -> Generator[Any, Any, Any]:
    yield from CLOSE_BOOKS(saga)
    yield from CLOSE_BOOKS(saga)


CLOSE_BOOKS = story.close_books


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")  # the SDK meets answers that nobody asked for
@pytest.mark.parametrize(
    ("function", "changed", "broken"),
    [
        pytest.param("arrange_shipping", nothing, "completed", id="a step left out"),
        pytest.param("wait_for_approval", nothing, "approved", id="a wait left out"),
        pytest.param("close_books", recorded_twice, "declined", id="an activity more at the end"),
        pytest.param("process_payment", story.arrange_shipping, "undeliverable", id="another order of steps"),
    ],
)
def test_a_change_that_would_break_running_orders_is_noticed(monkeypatch, function: str, changed: Any, broken: str):
    monkeypatch.setattr(story, function, changed)
    with pytest.raises(ReplayFailed, match="process_order"):
        replay(process_order, recording(broken))
