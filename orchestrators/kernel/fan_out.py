"""Do the same to many things, a bounded number at a time.

Batches of tasks, each awaited as a whole: a window that slides would mix tasks that are under way with new ones, which the
extension cannot wait for together. Many things are split over sub-orchestrations, so that no history grows without limit.
"""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import count
from typing import Any, TypeVar

import azure.durable_functions as df

from orchestrators.kernel.retry import FailedAttempt, RetryPolicy, Wait, sleep
from orchestrators.kernel.tasks import DurableTask
from orchestrators.kernel.workflow_run import WorkflowRun

T = TypeVar("T")


def in_batches(
    context: df.DurableOrchestrationContext,
    things: Sequence[T],
    task_of: Callable[[T], DurableTask],
    *,
    width: int,
    no_answer: Callable[[T], Any],
    after_batch: Callable[[int], None] = lambda done: None,
) -> Generator[DurableTask, Any, list[Any]]:
    """Return the results, in the order of the things.

    Args:
        context: The orchestration's.
        things: What the tasks are made of.
        task_of: Makes the task of one thing.
        width: How many at a time.
        no_answer: Stands for the result of a task that failed. Whether it acted is unknown: a worker that dies fails what it
            has in hand.
        after_batch: Called with the number of those that are done.
    """
    results: list[Any] = []
    for batch in chunks(things, width):
        tasks = [task_of(thing) for thing in batch]
        try:
            answers = yield context.task_all(tasks)
        except Exception:  # noqa: BLE001 - the runtime raises nothing more precise for a failed task
            answers = yield from _one_by_one(tasks, [no_answer(thing) for thing in batch])
        results += answers
        after_batch(len(results))
    return results


def _one_by_one(tasks: Sequence[DurableTask], otherwise: Sequence[Any]) -> Generator[DurableTask, Any, list[Any]]:
    """Return the results of tasks of which some have failed, once all have ended."""
    results: list[Any] = []
    for task, instead in zip(tasks, otherwise, strict=True):
        try:
            results.append((yield task))
        except Exception:  # noqa: BLE001 - as above
            results.append(instead)
    return results


@dataclass(frozen=True, kw_only=True)
class Rounds:
    """Which things have another turn, and when.

    Attributes:
        is_open: Whether an answer is worth another task.
        policy: How often, and how much later.
        seed: Distinguishes these calls from others of the run.
    """

    is_open: Callable[[Any], bool]
    policy: RetryPolicy
    seed: str


def in_rounds(
    run: WorkflowRun,
    things: Sequence[T],
    task_of: Callable[[T], DurableTask],
    rounds: Rounds,
    *,
    width: int,
    no_answer: Callable[[T], Any],
    after_batch: Callable[[int], None] = lambda done: None,
) -> Generator[DurableTask, Any, list[Any]]:
    """Do as `in_batches`, and again, later and later, for the things whose answer is still open when all had their turn."""
    started = run.context.current_utc_datetime
    results: dict[int, Any] = dict.fromkeys(range(len(things)))
    waiting = list(results)
    for attempt in count(1):
        answers = yield from in_batches(
            run.context,
            [things[index] for index in waiting],
            task_of,
            width=width,
            no_answer=no_answer,
            after_batch=partial(_count_from, len(things) - len(waiting), after_batch),
        )
        results.update(zip(waiting, answers, strict=True))
        waiting = [index for index in waiting if rounds.is_open(results[index])]
        reason = f"{len(waiting)} of {len(things)} without an answer"
        if not waiting or not (yield from _wait_for_round(run, rounds, attempt, started, reason)):
            break
    run.end_attempts()
    return list(results.values())


def _wait_for_round(run: WorkflowRun, rounds: Rounds, attempt: int, started: datetime, reason: str) -> Wait:
    """Show what is open and wait. Returns whether there is another round: the time may be over, or the run be cancelled."""
    now: datetime = run.context.current_utc_datetime
    pause = rounds.policy.pause_before_next(attempt, run.seed(rounds.seed), started=started, now=now)
    next_at = None if pause is None else now + pause
    run.attempt_failed(rounds.seed, FailedAttempt(number=attempt, reason=reason, next_at=next_at))
    return pause is not None and not (yield from sleep(run.context, pause, run.cancellation))


def _count_from(before: int, after_batch: Callable[[int], None], done: int) -> None:
    after_batch(before + done)


def chunks(things: Sequence[T], size: int) -> list[Sequence[T]]:
    """Return neighbours together, `size` at most."""
    return [things[start : start + size] for start in range(0, len(things), size)]
