"""Start an order late, when an operator wants it."""

from typing import Any

import azure.durable_functions as df

from domain.orders.late_start import StartOrder
from services.orders.late_start import start_late

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def start_order(request: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """Start an accepted order that has no instance; a repeat finds it started. Refused: order_ended."""
    return (await start_late(client, StartOrder.model_validate(request).order_id)).to_wire()
