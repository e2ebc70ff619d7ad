"""Log how each run of an order's activity went: which step, its outcome, how long it took, and what money it moved."""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any

from domain.ids import PROCESS_ORDER
from domain.money import Money
from domain.wire import Wire
from domain.workflows.steps import Outcome, StepResult
from services.telemetry import emit

Activity = Callable[[dict[str, Any]], dict[str, Any]]


def observed(command: type[Wire]) -> Callable[[Activity], Activity]:
    """Write one `order.step` line per run of the decorated activity.

    The line has the activity's name as its step, and the answer's outcome, or `raised`. A step of an order's run has its
    `order_id`; one of another workflow's has `workflow` and `key`.

    Args:
        command: The model of the activity's request. Its ids and `money_moved`, if it has them, go into the line.
    """

    def decorate(activity: Activity) -> Activity:
        @wraps(activity)
        def taken(request: dict[str, Any]) -> dict[str, Any]:
            started, facts = time.monotonic(), {"outcome": "raised"}
            asked: Wire | None = None
            try:
                asked = command.model_validate(request)
                answer = activity(request)
                facts = {"outcome": answer.get("outcome", Outcome.DONE), **_money(asked, answer)}
                return answer
            finally:
                spent = round((time.monotonic() - started) * 1000)
                emit("order.step", **_whose(asked), step=activity.__name__, ms=spent, **facts)

        return taken

    return decorate


def _whose(command: Wire | None) -> dict[str, str | None]:
    workflow, key = getattr(command, "workflow", None), getattr(command, "key", None)
    if workflow == PROCESS_ORDER:
        return {"order_id": key}
    return {"order_id": getattr(command, "order_id", None), "workflow": workflow, "key": key}


def _money(command: Wire, answer: dict[str, Any]) -> dict[str, Any]:
    money_moved: Callable[[StepResult], Money | None] | None = getattr(command, "money_moved", None)
    if money_moved is None:
        return {}
    moved = money_moved(StepResult.model_validate(answer))
    return {} if moved is None else {"amount_cents": moved.amount, "currency": moved.currency}
