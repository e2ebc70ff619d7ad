"""Place an order and start its saga, once however often it is sent."""

import asyncio
from datetime import UTC, datetime

from domain.identity import Caller
from domain.orders.order import OrderRequest
from domain.orders.run import run_of
from services.container import services
from services.durable.client import DurableClient
from services.durable.starter import start_instance
from services.four_eyes import record_requester
from services.orders.intake import OrderIntake, fresh_order_id
from services.telemetry import emit_accepted
from services.tracing import mark_order


async def place_order_for(
    client: DurableClient, caller: Caller, request: OrderRequest, chosen_id: str | None, version: str | None
) -> str:
    """Take an order in that a caller asks for, who will have no say in its approval. Otherwise as `take_in_order`."""
    order_id = chosen_id or fresh_order_id(datetime.now(UTC))
    await record_requester(order_id, caller)
    return await take_in_order(client, request, order_id, version)


async def take_in_order(
    client: DurableClient,
    request: OrderRequest,
    chosen_id: str | None,
    version: str | None = None,
    *,
    batch_id: str | None = None,
) -> str:
    """Take an order in and start its saga; a repeat starts nothing. A start that fails is left to the recovery timer.

    Args:
        client: The durable client.
        request: What the caller asks for.
        chosen_id: The caller's id; None to have one made.
        version: Of the orchestrator; None for that of every order.
        batch_id: Of the batch that places the order; None for another.

    Returns:
        The order's id.

    Raises:
        Invalid: Orders are not started on this version.
        OrderNotAcceptable: The catalogue does not allow the order.
        OrderIdTaken: The id belongs to another order.
        StorageUnavailable: The same request may be sent again.
    """
    parts = services()
    intake = OrderIntake(
        parts.order_repository, parts.catalogue, parts.inventory_notes, parts.approvals, parts.settings
    )
    taken = await asyncio.to_thread(intake.take_in, request, chosen_id, datetime.now(UTC), version, batch_id)
    if taken.to_start is not None:
        emit_accepted(taken.order_id)
        mark_order(taken.order_id)
        await start_instance(client, run_of(taken.to_start))
    return taken.order_id
