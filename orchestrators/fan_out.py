"""Do the same to many things, a bounded number at a time.

Batches of tasks, each awaited as a whole: a window that slides would mix tasks that are under way with new ones, which the
extension cannot wait for together. Many things are split over sub-orchestrations, so that no history grows without limit.
"""

from collections.abc import Callable, Generator, Sequence
from typing import Any, TypeVar

import azure.durable_functions as df
from azure.durable_functions.models.Task import TaskBase

T = TypeVar("T")


def in_batches(
    context: df.DurableOrchestrationContext,
    things: Sequence[T],
    task_of: Callable[[T], TaskBase],
    *,
    width: int,
    after_batch: Callable[[int], None] = lambda done: None,
) -> Generator[TaskBase, Any, list[Any]]:
    """The results, in the order of the things. width: how many at a time. after_batch: told how many are done.

    A task that fails ends the whole: give it tasks that answer with their failure.
    """
    results: list[Any] = []
    for batch in chunks(things, width):
        results += yield context.task_all([task_of(thing) for thing in batch])
        after_batch(len(results))
    return results


def chunks(things: Sequence[T], size: int) -> list[Sequence[T]]:
    """Neighbours together, `size` at most."""
    return [things[start : start + size] for start in range(0, len(things), size)]
