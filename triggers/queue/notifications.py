"""Deliver the notifications of the outbox, and dead-letter those that the host gave up on."""

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from domain.mail.notification import Notification
from domain.queues import NOTIFICATIONS
from services.mail.delivery import dead_letter, dead_letter_unreadable, deliver

bp = df.Blueprint()


@bp.queue_trigger(arg_name="message", queue_name=NOTIFICATIONS, connection="SHOP_STORAGE")
async def deliver_notification(message: func.QueueMessage) -> None:
    """Deliver one message. When it cannot be read, or not be put back, the host delivers it again, five times."""
    await deliver(Notification.model_validate_json(message.get_body()))


@bp.queue_trigger(arg_name="message", queue_name=f"{NOTIFICATIONS}-poison", connection="SHOP_STORAGE")
async def dead_letter_notification(message: func.QueueMessage) -> None:
    """Dead-letter what the host gave up on, readable or not."""
    body = message.get_body()
    try:
        notification = Notification.model_validate_json(body)
    except ValidationError:
        await dead_letter_unreadable(body)
    else:
        await dead_letter(notification)
