"""Take in single orders from the queue `orders-in`: each message is the body of a `POST /api/orders`.

A message that is no acceptable order fails, so that the host delivers it a few more times and then puts it on `orders-in-poison`;
why is in the log, without what it says.
"""

import logging
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from adapters.order_start import start_order
from domain.errors import ShopError
from domain.ids import order_id_for_key
from domain.order import OrderRequest
from http_api.order_intake import enter_order
from http_api.order_lines import read_order
from http_api.problems import Problem
from http_api.request_body import MOST_BYTES, body_text

bp = df.Blueprint()

ORDERS_IN: Final = "orders-in"

_log = logging.getLogger(__name__)


class MessageRefused(ShopError):
    """A message is no order that the shop takes."""


@bp.queue_trigger(arg_name="message", queue_name=ORDERS_IN, connection="SHOP_STORAGE")
@bp.durable_client_input(client_name="client")
async def take_in_queued_order(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """One order. Without an order_id the message's own id stands for it, the same on every delivery.

    Raises MessageRefused; StorageUnavailable when the same message is worth delivering again.
    """
    try:
        request = read_order(body_text(message.get_body(), MOST_BYTES))
        taken = await enter_order(request, _order_id(request, message))
    except Problem as problem:
        reason = "; ".join([problem.detail, *(f"{error.field}: {error.message}" for error in problem.errors)])
        _log.error("%s: message %s refused (%s): %s", ORDERS_IN, message.id, problem.code, reason)
        raise MessageRefused(f"message {message.id} is refused: {problem.code}") from None
    if taken.to_start is not None:
        await start_order(client, taken.to_start)


def _order_id(request: OrderRequest, message: func.QueueMessage) -> str:
    return request.order_id or order_id_for_key(f"{ORDERS_IN}:{message.id}")
