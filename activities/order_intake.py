"""Take in an order and start its saga, once however often it is asked for."""

from typing import Any

import azure.durable_functions as df

from domain.errors import StorageUnavailable
from domain.field_error import FieldError
from domain.orders.intake import AcceptOrder, OrderAccepted
from domain.refusals import OrderIdTaken, OrderNotAcceptable
from domain.workflows.steps import Outcome
from services.orders.start import take_in_order

bp = df.Blueprint()


# The saga is not a sub-orchestration of the run that brings the order: it runs by itself, for a day if an approver has to decide,
# and a parent would wait for ever for a child whose id another start took first.
@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def accept_order(request: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """Answer with an `OrderAccepted`. Refused: not_acceptable, order_id_taken.

    The recovery timer starts what cannot be started now.
    """
    return (await _accept(AcceptOrder.model_validate(request), client)).to_wire()


@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def accept_order_of_many(request: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """Do as `accept_order`, but answer `unknown` for a storage account that does not answer: the other lines go on."""
    try:
        taken = await _accept(AcceptOrder.model_validate(request), client)
    except StorageUnavailable as error:
        taken = OrderAccepted(outcome=Outcome.UNKNOWN, reason_code="unavailable", message=str(error)[:500])
    return taken.to_wire()


async def _accept(asked: AcceptOrder, client: df.DurableOrchestrationClient) -> OrderAccepted:
    try:
        return OrderAccepted(
            reference=await take_in_order(client, asked.request, asked.order_id, batch_id=asked.batch_id)
        )
    except OrderNotAcceptable as refusal:
        return _not_acceptable(refusal)
    except OrderIdTaken:
        return _refused("order_id_taken", "Another order has this id.")


def _not_acceptable(refusal: OrderNotAcceptable) -> OrderAccepted:
    return _refused("not_acceptable", f"{refusal.field}: {refusal.message}", *refusal.errors)


def _refused(reason_code: str, message: str, *errors: FieldError) -> OrderAccepted:
    return OrderAccepted(outcome=Outcome.REFUSED, reason_code=reason_code, message=message[:500], errors=errors)
