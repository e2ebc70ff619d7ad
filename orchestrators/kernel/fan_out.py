"""Do the same to many things, a bounded number at a time.

Batches of tasks, each awaited as a whole: a window that slides would mix tasks that are under way with new ones, which the
extension cannot wait for together. Many things are split over sub-orchestrations, so that no history grows without limit.
"""

from collections.abc import Callable, Generator, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

import azure.durable_functions as df

from orchestrators.kernel.retry import FailedAttempt, RetryPolicy, sleep
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


def in_rounds(
    run: WorkflowRun,
    things: Sequence[T],
    task_of: Callable[[T], DurableTask],
    *,
    width: int,
    no_answer: Callable[[T], Any],
    is_open: Callable[[Any], bool],
    policy: RetryPolicy,
    seed: str,
    after_batch: Callable[[int], None] = lambda done: None,
) -> Generator[DurableTask, Any, list[Any]]:
    """Do as `in_batches`, and again, later and later, for the things whose answer is still open when all had their turn.

    Args, beyond those of `in_batches`:
        run: The run that does it.
        is_open: Whether an answer is worth another task.
        policy: How often, and how much later.
        seed: Distinguishes these calls from others of the run.
    """
    started, attempt = run.context.current_utc_datetime, 1
    results: list[Any] = [None] * len(things)
    waiting = list(range(len(things)))
    while True:
        answers = yield from in_batches(
            run.context,
            waiting,
            lambda index: task_of(things[index]),
            width=width,
            no_answer=lambda index: no_answer(things[index]),
            after_batch=partial(_count_from, len(things) - len(waiting), after_batch),
        )
        for index, answer in zip(waiting, answers, strict=True):
            results[index] = answer
        waiting = [index for index in waiting if is_open(results[index])]
        pause = policy.pause_before_next(attempt, run.seed(seed), started=started, now=run.context.current_utc_datetime)
        if waiting:
            _show_open(run, seed, attempt, pause, f"{len(waiting)} of {len(things)} without an answer")
        if not waiting or pause is None:
            run.end_attempts()
            return results
        yield from sleep(run.context, pause, run.cancellation)
        attempt += 1


def _show_open(run: WorkflowRun, seed: str, attempt: int, pause: timedelta | None, reason: str) -> None:
    next_at = None if pause is None else run.context.current_utc_datetime + pause
    run.attempt_failed(seed, FailedAttempt(number=attempt, reason=reason, next_at=next_at))


def _count_from(before: int, after_batch: Callable[[int], None], done: int) -> None:
    after_batch(before + done)


def chunks(things: Sequence[T], size: int) -> list[Sequence[T]]:
    """Return neighbours together, `size` at most."""
    return [things[start : start + size] for start in range(0, len(things), size)]
