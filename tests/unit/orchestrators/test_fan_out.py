"""Doing the same to many things: how many at a time, in which order, and how often."""

from datetime import UTC, datetime, timedelta
from typing import Any

from orchestrators.kernel.fan_out import Rounds, chunks, in_batches, in_rounds
from orchestrators.kernel.retry import RetryPolicy
from orchestrators.kernel.workflow_run import WorkflowRun

POLICY = RetryPolicy(total=timedelta(seconds=3), first_pause=timedelta(seconds=1), longest_pause=timedelta(seconds=1))
PAUSE = "pause"


class Context:
    """What the fan-out asks of the SDK's context: tasks are plain values here, and so is a timer."""

    instance_id = "test.k"
    is_replaying = False

    def __init__(self) -> None:
        self.current_utc_datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def task_all(self, tasks: list[Any]) -> list[Any]:
        return tasks

    def set_custom_status(self, status: Any) -> None:
        self.status = status

    def create_timer(self, at: datetime) -> Any:
        self.current_utc_datetime = at
        return PAUSE

    def task_any(self, tasks: list[Any]) -> str:
        return PAUSE


def driven(generator: Any, answer: Any = lambda task: task) -> tuple[list[Any], Any]:
    """Run it as the SDK would. Gives what it waited for, one after the other, and its result."""
    waits = []
    try:
        task = next(generator)
        while True:
            waits.append(task)
            task = generator.send(None if task == PAUSE else [answer(each) for each in task])
    except StopIteration as end:
        return waits, end.value


def test_neighbours_stay_together():
    assert chunks([1, 2, 3, 4, 5], 2) == [[1, 2], [3, 4], [5]]
    assert chunks([], 2) == []


def test_no_more_than_the_width_are_under_way_and_results_keep_their_order():
    counts: list[int] = []
    waits, results = driven(
        in_batches(Context(), list("abcde"), str.upper, width=2, no_answer=str, after_batch=counts.append)
    )
    assert waits == [["A", "B"], ["C", "D"], ["E"]]
    assert results == list("ABCDE")
    assert counts == [2, 4, 5]


class Timer:
    """A timer that an event came before."""

    is_completed = False
    is_cancelled = False

    def cancel(self) -> None:
        self.is_cancelled = True


def rounds(answer: Any, **changes: Any) -> tuple[list[Any], Any]:
    run = WorkflowRun(**{"context": Context(), "workflow": "test", "key": "k", **changes})
    return driven(
        in_rounds(
            run, list("abc"), str.upper, Rounds(is_open=str.islower, policy=POLICY, seed="s"), width=2, no_answer=str
        ),
        answer,
    )


def test_only_what_is_open_is_done_again_and_takes_its_own_place():
    seen: list[str] = []

    def answer(task: str) -> str:
        seen.append(task)
        return "open" if task == "B" and seen.count("B") < 2 else f"{task}!"

    waits, results = rounds(answer)
    assert waits == [["A", "B"], ["C"], PAUSE, ["B"]]
    assert results == ["A!", "B!", "C!"]


def test_what_stays_open_is_given_as_it_is_when_the_policy_ends():
    waits, results = rounds(lambda task: "open")
    fewest, most = POLICY.attempts()
    assert fewest - 1 <= waits.count(PAUSE) <= most - 1
    assert results == ["open"] * 3


def test_a_cancelled_run_waits_for_no_further_round():
    class Interrupted(Context):
        timer = Timer()

        def create_timer(self, at: datetime) -> Any:
            return self.timer

    waits, results = rounds(lambda task: "open", context=Interrupted(), cancellation=object())
    assert (waits, results) == ([["A", "B"], ["C"], PAUSE], ["open"] * 3)
    assert Interrupted.timer.is_cancelled
