"""Find the id that the caller chose for an order."""

from domain.ids import order_id_for_key
from domain.orders.order import OrderRequest
from triggers.http.support.problems import invalid_field


def named_order_id(request: OrderRequest, idempotency_key: str | None) -> str | None:
    """Return the id that the caller chose, in the body or by `Idempotency-Key`; None when the shop is to choose.

    Raises:
        Problem: 422 when both are given and differ: the two could then promise different things of a repeat.
    """
    if idempotency_key is None or idempotency_key == request.order_id:
        return request.order_id
    if request.order_id is not None:
        raise invalid_field("Idempotency-Key", "differs_from_order_id", "Must equal order_id, or be left out")
    return order_id_for_key(idempotency_key)
