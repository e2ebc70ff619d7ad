"""Take in an order that came over HTTP: find the id its caller means, and answer a refusal as a problem."""

import asyncio
from datetime import UTC, datetime

from adapters.telemetry import emit_accepted
from domain.errors import OrderIdTaken, OrderNotAcceptable
from domain.ids import order_id_for_key
from domain.orders.order import OrderRequest
from services.container import services
from services.order_intake import TakenIn
from triggers.http.support.problems import conflict, invalid_field


async def enter_order(request: OrderRequest, chosen_id: str | None) -> TakenIn:
    """Enter the order in the repository. chosen_id: the caller's id, if any.

    Raises Problem: 422 when it cannot be priced, 409 when its id belongs to another order; and StorageUnavailable.
    """
    try:
        taken = await asyncio.to_thread(services().order_intake.take_in, request, chosen_id, datetime.now(UTC))
    except OrderNotAcceptable as refusal:
        raise invalid_field(refusal.field, refusal.rule, refusal.message) from None
    except OrderIdTaken:
        detail = "Another order has this id, or one that differs in case only: it was sent with another body before."
        raise conflict("order_id_taken", detail) from None
    if taken.to_start is not None:
        emit_accepted(taken.order_id)
    return taken


def named_order_id(request: OrderRequest, idempotency_key: str | None) -> str | None:
    """The id that the caller chose, in the body or by `Idempotency-Key`; None when we are to choose.

    Raises Problem (422) when both are given and differ: the two could then promise different things of a repeat.
    """
    if idempotency_key is None or idempotency_key == request.order_id:
        return request.order_id
    if request.order_id is not None:
        raise invalid_field(
            "Idempotency-Key", "differs_from_order_id", "Give the same text as order_id, or one of them"
        )
    return order_id_for_key(idempotency_key)
