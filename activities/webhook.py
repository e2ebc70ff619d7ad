"""Send a webhook about how a workflow ended."""

from typing import Any

import azure.durable_functions as df

from domain.workflows.webhook import Webhook
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def deliver_webhook(request: dict) -> dict[str, Any]:
    """Send one signed message; a repeat carries the same id. Refused when its address must not or will not be called."""
    return services().webhooks.send(Webhook.model_validate(request)).to_wire()
