"""Take in single orders from the queue `orders-in`: each message is the body of a `POST /api/orders`.

A message names its order (`order_id`): it may be delivered again, and under another message id once it was put back from the
poison queue. A message that is not an acceptable order is put on `orders-in-poison` at once, with the reason. One that fails
otherwise is delivered a few more times by the host, which then puts it there as it is. While the shop is behind with its orders, a
message is put back for later.
"""

import asyncio
import logging

import azure.durable_functions as df
import azure.functions as func

from domain.cards import json_may_hold_card_number
from domain.orders.intake import RefusedMessage
from domain.orders.order import OrderRequest
from domain.queues import ORDERS_IN
from domain.refusals import Invalid, RequestRefused
from services.container import services
from services.input.documents import MAX_BODY_BYTES, body_text, read_document
from services.orders.admission import IntakePaused, admit_order
from services.orders.start import take_in_order

bp = df.Blueprint()

_log = logging.getLogger(__name__)


@bp.queue_trigger(arg_name="message", queue_name=ORDERS_IN, connection="SHOP_STORAGE")
@bp.durable_client_input(client_name="client")
async def take_in_queued_order(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Place one order, once however often its message is delivered.

    Raises:
        StorageUnavailable: The same message is worth delivering again.
    """
    try:
        request = _named_order(message)
        await admit_order(request.order_id)
        await take_in_order(client, request, request.order_id)
    except IntakePaused:
        # Not raised: the host gives a message up after five tries. After the limit again, so that a long queue does not spin.
        later = services().settings.intake_max_wait
        text = body_text(message.get_body(), MAX_BODY_BYTES)
        await asyncio.to_thread(services().queued_orders.put_back, text, later)
    except RequestRefused as refusal:
        poison = _poison(message, refusal)
        await asyncio.to_thread(services().refused_orders.put, poison)
        reason = "; ".join([poison.reason, *(f"{error.field}: {error.message}" for error in poison.errors)])
        _log.error("%s: message %s refused (%s): %s", ORDERS_IN, message.id, poison.reason_code, reason)


def _named_order(message: func.QueueMessage) -> OrderRequest:
    request = read_document(message.get_body(), OrderRequest)
    if request.order_id is None:
        rule = "A message must name its order: it may be delivered more than once"
        raise Invalid.of_field("order_id", "missing", rule)
    return request


def _poison(message: func.QueueMessage, refusal: RequestRefused) -> RefusedMessage:
    text = message.get_body().decode("utf-8", "replace")
    has_card = any(error.rule == "card_number" for error in refusal.errors) or json_may_hold_card_number(text)
    return RefusedMessage(
        message_id=str(message.id),
        reason_code=refusal.code,
        reason=refusal.detail,
        errors=refusal.errors,
        message=None if has_card else text,
    )
