"""Take in single orders from the queue `orders-in`: each message is the body of a `POST /api/orders`.

A message names its order (`order_id`): it may be delivered again, and under another message id once it was put back from the
poison queue. One that is no acceptable order is put on `orders-in-poison` at once, with the reason. What fails otherwise is
delivered a few more times by the host, and then put there as it is.
"""

import asyncio
import logging

import azure.durable_functions as df
import azure.functions as func

from domain.cards import json_may_hold_card_number
from domain.orders.intake import RefusedMessage
from domain.orders.order import OrderRequest
from domain.queues import ORDERS_IN
from services.container import services
from services.order_start import start_order
from triggers.http.support.order_intake import enter_order
from triggers.http.support.order_lines import read_order
from triggers.http.support.problems import Problem, invalid_field
from triggers.http.support.request_body import MAX_BODY_BYTES, body_text

bp = df.Blueprint()

_log = logging.getLogger(__name__)


@bp.queue_trigger(arg_name="message", queue_name=ORDERS_IN, connection="SHOP_STORAGE")
@bp.durable_client_input(client_name="client")
async def take_in_queued_order(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """One order, once however often its message is delivered.

    Raises StorageUnavailable when the same message is worth delivering again.
    """
    try:
        request = _named_order(message)
        taken = await enter_order(request, request.order_id)
    except Problem as problem:
        refused = _refused(message, problem)
        await asyncio.to_thread(services().refused_orders.put, refused)
        reason = "; ".join([refused.reason, *(f"{error.field}: {error.message}" for error in refused.errors)])
        _log.error("%s: message %s refused (%s): %s", ORDERS_IN, message.id, refused.reason_code, reason)
        return
    if taken.to_start is not None:
        await start_order(client, taken.to_start)


def _named_order(message: func.QueueMessage) -> OrderRequest:
    request = read_order(body_text(message.get_body(), MAX_BODY_BYTES))
    if request.order_id is None:
        raise invalid_field("order_id", "missing", "A message must name its order: it may be delivered more than once")
    return request


def _refused(message: func.QueueMessage, problem: Problem) -> RefusedMessage:
    text = message.get_body().decode("utf-8", "replace")
    has_card = any(error.rule == "card_number" for error in problem.errors) or json_may_hold_card_number(text)
    return RefusedMessage(
        message_id=str(message.id),
        reason_code=problem.code,
        reason=problem.detail,
        errors=problem.errors,
        message=None if has_card else text,
    )
