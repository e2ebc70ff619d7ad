"""Send notifications: at least once, under a message id by which a repeat can be dropped."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from domain.mail.notification import Notification
from domain.workflows.steps import StepResult
from services.container import services
from services.mail.notifications import notification_sender

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed(Notification)
def send_notification(request: dict) -> dict[str, Any]:
    """Hand a message to the outbox, which delivers it in its own time."""
    notification = Notification.model_validate(request)
    services().outbox.put(notification)
    return StepResult(reference=notification.message_id).to_wire()


@bp.activity_trigger(input_name="request")
@observed(Notification)
def mail_notification(request: dict) -> dict[str, Any]:
    """Deliver a message now, past the outbox: what the replay of a dead-lettered one does."""
    return notification_sender().deliver(Notification.model_validate(request)).to_wire()
