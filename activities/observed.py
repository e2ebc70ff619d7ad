"""Tell operators how each run of an order's activity went: which step, how it ended, how long it took, what money it moved."""

import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from domain.orders.steps import AUTHORISE_PAYMENT, CANCEL_PAYMENT, CAPTURE_PAYMENT
from domain.workflows.steps import Outcome
from services.telemetry import emit

Activity = Callable[[dict[str, Any]], dict[str, Any]]


def observed(activity: Activity) -> Activity:
    """The activity, with one `order.step` line per run. outcome: the answer's, or `raised`."""

    @wraps(activity)
    def run(request: dict[str, Any]) -> dict[str, Any]:
        started = time.monotonic()
        outcome, money = "raised", {}
        try:
            answer = activity(request)
            outcome, money = answer.get("outcome", Outcome.DONE), _money(activity.__name__, request, answer)
            return answer
        finally:
            spent = round((time.monotonic() - started) * 1000)
            emit("order.step", order_id=_order_id(request), step=activity.__name__, outcome=outcome, ms=spent, **money)

    return run


def _order_id(request: Mapping[str, Any]) -> str | None:
    inner = request.get("payment") or request.get("progress") or request
    order_id = inner.get("order_id") or str(request.get("dead_letter_id", "")).partition(".")[0]
    return order_id or None


def _money(step: str, request: Mapping[str, Any], answer: Mapping[str, Any]) -> dict[str, Any]:
    """What a step moved: captured money by `capture_payment`, refunded money by `cancel_payment`, which is 0 for a void."""
    if answer.get("outcome") != Outcome.DONE:
        return {}
    if step == CAPTURE_PAYMENT:
        return {"amount_cents": request["amount_cents"], "currency": request["currency"]}
    if step == AUTHORISE_PAYMENT and request["capture"] == "immediate":
        return {"amount_cents": request["amount_cents"], "currency": request["currency"]}
    if step == CANCEL_PAYMENT:
        payment, refunded = request["payment"], answer.get("message") == "refunded"
        return {"amount_cents": payment["amount_cents"] if refunded else 0, "currency": payment["currency"]}
    return {}
