"""Tell people of an order: at least once, under a message id that lets a repeat be dropped."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from adapters.compose import outbox, postman
from domain.notification import Notification
from domain.steps import StepResult

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed
def send_notification(request: dict) -> dict[str, Any]:
    """Hand a message to the outbox, which delivers it in its own time."""
    notification = Notification.model_validate(request)
    outbox().put(notification)
    return StepResult(reference=notification.message_id).to_wire()


@bp.activity_trigger(input_name="request")
@observed
def mail_notification(request: dict) -> dict[str, Any]:
    """Deliver a message now, past the outbox: what the replay of a parked one does."""
    return postman().deliver(Notification.model_validate(request)).to_wire()
