"""Compare the reservations of every product with the orders that hold them."""

from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.inventory.reconciliation import ReconciliationReport
from services.inventory.reconciliation import reconcile
from triggers.http.support.operation import operation
from triggers.http.support.responses import answer

bp = df.Blueprint()


@operation(
    bp,
    "GET",
    "reconciliation",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: ReconciliationReport},
)
async def get_reconciliation(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Compare the inventory with the orders that hold it.

    The report is made on request and reads every open order, so ask for it rarely.
    """
    return answer(await reconcile(client, datetime.now(UTC)))
