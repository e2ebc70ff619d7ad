"""Whether the shop works: its checks, how far it is behind, and what its books do not agree on."""

import asyncio
from typing import Final

import azure.functions as func

from console.web.page import page
from console.web.visit import Visit
from domain.errors import ShopError
from domain.identity import Role
from domain.workflows.dead_letter import DeadLetterState
from services.container import services
from services.hub_health import knows_its_orders, takes_work

_READERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
_SHOWN_COUNT: Final = 25
# No order can have this id: looking it up proves that the table answers.
_NO_ORDER: Final = "health.check"


@page("GET", "health", roles=_READERS, menu="Health")
async def show_health(visit: Visit) -> func.HttpResponse:
    """Show the checks, the backlog, and the findings of the reconciliation of payments."""
    storage = await asyncio.to_thread(_storage_answers)
    hub, stock = await asyncio.gather(takes_work(visit.client), knows_its_orders(visit.client))
    checks = {"storage": storage, "task hub": hub, "stock of the task hub": stock}
    if not storage:
        return visit.show("health.html", checks=checks, intake=None, letters=None, last_run=None, drift=None)
    parts = services()
    intake, letters, last_run, drift = await asyncio.gather(
        parts.order_backlog.view(),
        asyncio.to_thread(parts.dead_letters.list, state=DeadLetterState.OPEN, limit=_SHOWN_COUNT),
        asyncio.to_thread(parts.payment_reconciliation.last_run),
        asyncio.to_thread(parts.payment_reconciliation.list_drift, limit=_SHOWN_COUNT),
    )
    return visit.show("health.html", checks=checks, intake=intake, letters=letters, last_run=last_run, drift=drift)


def _storage_answers() -> bool:
    try:
        services().order_repository.get(_NO_ORDER)
    except ShopError:
        return False
    return True
