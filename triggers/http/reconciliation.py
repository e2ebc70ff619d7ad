"""Compare the reservations of every product with the orders that hold them."""

import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.inventory.reconciliation import ReconciliationReport
from services.inventory.reconciliation import reconcile
from triggers.http.support.operation import operation
from triggers.http.support.responses import answer

bp = df.Blueprint()

_TIMEOUT_S: Final = 60
"""Load balancers of Azure end a request after 230 seconds."""


@operation(
    bp,
    "GET",
    "reconciliation",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: ReconciliationReport},
)
async def get_reconciliation(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Compare the inventory with the orders that hold it.

    The report is made on request and reads the catalogue and the open orders, so ask for it rarely. It ends after about a minute;
    `is_complete` is false when that was too short for every product, or more than 5,000 orders are open. The app compares all
    products every night, those that have changed every hour, and logs what differs.
    """
    end = time.monotonic() + _TIMEOUT_S
    return answer(await reconcile(client, datetime.now(UTC), lambda: time.monotonic() < end))
