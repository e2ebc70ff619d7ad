"""Record how far an order is with the activities that its saga runs anyway, when they have trouble."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from domain.errors import StorageUnavailable
from domain.orders.order import OrderProgress
from domain.orders.run import PROGRESS
from services.container import services

Activity = Callable[[dict[str, Any]], dict[str, Any]]


def records_progress(activity: Activity) -> Activity:
    """Record where an order stands when the decorated activity gets no answer, and before each further attempt.

    An order that has no trouble is past its step before anyone could read a row about it. The record is for lists and operators,
    so it never holds a step up: what cannot be recorded is with the next attempt.
    """

    @wraps(activity)
    def taken(request: dict[str, Any]) -> dict[str, Any]:
        progress = OrderProgress.model_validate(request[PROGRESS]) if PROGRESS in request else None
        is_repeat = progress is not None and progress.step is not None and progress.step.attempt > 1
        if is_repeat:
            _record(progress)
        try:
            return activity(request)
        except Exception:
            if not is_repeat:
                _record(progress)
            raise

    return taken


def _record(progress: OrderProgress | None) -> None:
    if progress is not None:
        with suppress(StorageUnavailable):
            services().order_repository.record_under_way(progress)
