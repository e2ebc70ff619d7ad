"""Whether the shop works: its checks, how far it is behind, and what its books do not agree on."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any, Final

import azure.functions as func

from console.web.page import page
from console.web.visit import Visit
from domain.errors import ShopError
from domain.identity import Role
from domain.workflows.dead_letter import DeadLetterState
from services.container import services
from services.durable.client import DurableClient
from services.hub_health import knows_its_orders, takes_work
from services.inventory.reconciliation import reconcile
from services.oldest_waiting import oldest_waiting
from services.provider_health import provider_statuses
from services.queue_depths import queue_depths

_READERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
_SHOWN_COUNT: Final = 25
_TIMEOUT_S: Final = 60
_STORED: Final = ("intake", "letters", "oldest", "providers", "last_run", "drift")
# No order can have this id: looking it up proves that the table answers.
_NO_ORDER: Final = "health.check"


@page("GET", "health", roles=_READERS, menu="Health")
async def show_health(visit: Visit) -> func.HttpResponse:
    """Show the checks, what waits, the queues, the providers, and the findings of the reconciliations."""
    storage = await asyncio.to_thread(_storage_answers)
    hub, stock = await asyncio.gather(takes_work(visit.client), knows_its_orders(visit.client))
    checks = {"storage": storage, "task hub": hub, "stock of the task hub": stock}
    stored = await _stored_facts(visit.client) if storage else dict.fromkeys(_STORED)
    return visit.show("health.html", checks=checks, queues=await queue_depths(), **stored)


@page("GET", "health/inventory", roles=_READERS)
async def show_inventory_findings(visit: Visit) -> func.HttpResponse:
    """Compare the inventory with the orders now. It reads every open order, so it is a page of its own that refreshes nothing."""
    end = time.monotonic() + _TIMEOUT_S
    report = await reconcile(visit.client, datetime.now(UTC), lambda: time.monotonic() < end)
    return visit.show("health_inventory.html", report=report)


async def _stored_facts(client: DurableClient) -> dict[str, Any]:
    parts = services()
    read = await asyncio.gather(
        parts.order_backlog.view(),
        asyncio.to_thread(parts.dead_letters.list, state=DeadLetterState.OPEN, limit=_SHOWN_COUNT),
        oldest_waiting(),
        provider_statuses(client),
        asyncio.to_thread(parts.payment_reconciliation.last_run),
        asyncio.to_thread(parts.payment_reconciliation.list_drift, limit=_SHOWN_COUNT),
    )
    return dict(zip(_STORED, read, strict=True))


def _storage_answers() -> bool:
    try:
        services().order_repository.get(_NO_ORDER)
    except ShopError:
        return False
    return True
