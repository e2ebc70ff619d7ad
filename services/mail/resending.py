"""Send the mail about an order's end once more, because its customer has lost it or never got it."""

import asyncio
import uuid
from datetime import UTC, datetime

from domain.mail.notification import Resend
from domain.orders.order import ENDS
from domain.refusals import Conflict
from services.container import services
from services.orders.closing import closing_notification
from services.orders.status import OrderNotFound


async def resend_end(order_id: str) -> str:
    """Put the mail about the order's end into the outbox, under an id of its own. Return the customer's address.

    Raises:
        OrderNotFound: There is no such order, or it came in past the shop's API.
        Conflict: It has not come to its end, so there is no such mail.
        StorageUnavailable: The same request may be sent again.
    """
    row = await asyncio.to_thread(services().order_repository.get, order_id)
    if row is None or row.order is None:
        raise OrderNotFound
    if row.status not in ENDS:
        raise Conflict("not_ended", "The order has not come to its end, so there is no mail to its customer yet.")
    again = closing_notification(row.order, row.status)
    # A mail provider drops a message whose id it has seen.
    renamed = again.model_copy(update={"message_id": f"{again.message_id}.{uuid.uuid4().hex[:12]}"})
    resend = Resend(renamed.message_id, datetime.now(UTC))
    await asyncio.to_thread(services().sent_messages.note_resend, again.message_id, resend)
    await asyncio.to_thread(services().outbox.put, renamed)
    return row.order.email
