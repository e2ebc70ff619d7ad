"""Record how far an order is with the activities that its saga runs anyway."""

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
    """Record, before the decorated activity runs, where its order stands, if the request has that.

    It is for lists and operators, so it never holds a step up: what cannot be recorded is with the next status or attempt.
    """

    @wraps(activity)
    def run(request: dict[str, Any]) -> dict[str, Any]:
        if PROGRESS in request:
            with suppress(StorageUnavailable):
                services().order_repository.record_under_way(OrderProgress.model_validate(request[PROGRESS]))
        return activity(request)

    return run
