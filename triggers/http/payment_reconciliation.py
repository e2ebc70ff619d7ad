"""Show and run the comparison of payments with orders, and close a difference by hand."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.payments.reconciliation import PaymentDrift
from domain.payments.reconciliation_runs import PaymentRun
from domain.wire import Wire
from domain.workflows.dead_letter import Resolution
from services.container import services
from services.payments.reconciliation import reconcile_payments, resolve_drift
from triggers.http.support.operation import operation
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.request_params import path_id, read_query
from triggers.http.support.resolutions import StatedResolution, read_resolution
from triggers.http.support.responses import answer

bp = df.Blueprint()

_TIMEOUT_S: Final = 60
"""Load balancers of Azure end a request after 230 seconds."""


class PaymentReconciliationAnswer(Wire):
    """The last run, null before the first, and one page of the differences that are open.

    `next_cursor` is for the next page, null on the last one.
    """

    last_run: PaymentRun | None
    drift: tuple[PaymentDrift, ...]
    next_cursor: str | None


class ResolvedDrift(Wire):
    """A difference that an operator has closed."""

    drift_id: str
    resolution: Resolution


@operation(
    bp,
    "GET",
    "reconciliation/payments",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    query=PageQuery,
    answers={200: PaymentReconciliationAnswer},
)
async def get_payment_reconciliation(req: func.HttpRequest) -> func.HttpResponse:
    """Show the last comparison of payments with orders, and the differences that are open.

    A payment is in the list once it has differed for an hour from its order, until it agrees or the difference is resolved.
    """
    return answer(await _report(read_query(req, PageQuery)))


@operation(
    bp,
    "POST",
    "reconciliation/payments",
    roles=frozenset({Role.OPERATOR}),
    answers={200: PaymentReconciliationAnswer},
)
async def run_payment_reconciliation(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Compare the payments with the orders now, from where the last run ended.

    It runs every hour by itself. A run ends after about a minute; `has_more` says that another one goes on, which the app begins
    by itself within five minutes.
    """
    end = time.monotonic() + _TIMEOUT_S
    await reconcile_payments(client, datetime.now(UTC), lambda: time.monotonic() < end)
    return answer(await _report(PageQuery()))


@operation(
    bp,
    "POST",
    "reconciliation/payments/{drift_id}/resolve",
    roles=frozenset({Role.OPERATOR}),
    body=StatedResolution,
    answers={200: ResolvedDrift},
)
async def resolve_payment_drift(req: func.HttpRequest) -> func.HttpResponse:
    """Close a difference that was intended, such as a refund out of goodwill.

    The first resolution holds. Should more money of the payment move, that is another difference.
    """
    drift_id = path_id(req, "drift_id")
    return answer(ResolvedDrift(drift_id=drift_id, resolution=await resolve_drift(drift_id, read_resolution(req))))


async def _report(query: PageQuery) -> PaymentReconciliationAnswer:
    store = services().payment_reconciliation
    page = await read_page(store.list_drift, query)
    last_run = await asyncio.to_thread(store.last_run)
    return PaymentReconciliationAnswer(last_run=last_run, drift=tuple(page.items), next_cursor=page.cursor)
