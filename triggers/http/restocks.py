"""Restock many products by one request, and show what became of each line."""

import asyncio
from datetime import UTC, datetime
from typing import ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.field_error import FieldError
from domain.identity import Role
from domain.inventory.bulk_restock import BULK_RESTOCK, BulkRestockRequest, DeliveryLine
from domain.refusals import Invalid
from domain.wire import Wire
from services.container import services
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, run_status, start_as_asked

bp = df.Blueprint()


class RestockAsked(Wire):
    """The delivered units, by line."""

    lines: tuple[DeliveryLine, ...]


class RestockDocument(RunDocument):
    """A restock of many products. `detail.results` has what became of each line, in the order of the request."""

    asked: ClassVar = RestockAsked

    request: RestockAsked | None


@operation(
    bp,
    "POST",
    "restocks",
    roles=frozenset({Role.OPERATOR, Role.CATALOGUE_MANAGER}),
    body=BulkRestockRequest,
    takes_idempotency_key=True,
    answers={202: WorkflowLinks},
    problems={409: "Another request has this id."},
)
async def restock_many(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Add goods of many products that have arrived.

    The request is accepted as a whole, or refused with each line that breaks a rule. Send an id or an Idempotency-Key: a repeat
    under the same name then changes nothing and gets the same answer.
    """
    request = read_body(req, BulkRestockRequest)
    await asyncio.to_thread(_check_products, request)
    await services().inventory_notes.note_changes((line.product_id for line in request.lines), datetime.now(UTC))
    return await start_as_asked(req, client, BULK_RESTOCK, request, "restocks")


@operation(
    bp,
    "GET",
    "restocks/{id}",
    roles=frozenset({Role.OPERATOR, Role.CATALOGUE_MANAGER, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (RestockDocument, DurableStatus), 202: (RestockDocument, DurableStatus)},
)
async def get_restock(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a restock of many products.

    The status is 202 while it is made and 200 when it has ended. Then `detail.results` has, for each line of the request, `done` or
    the reason code of a refusal.
    """
    return await run_status(req, client, BULK_RESTOCK, "restocks", RestockDocument)


def _check_products(request: BulkRestockRequest) -> None:
    """Raise Invalid unless the catalogue has the product of every line."""
    known = services().catalogue.get_many([line.product_id for line in request.lines])
    unknown = [
        FieldError(
            field=f"lines[{index}].product_id", rule="unknown_product", message="There is no product with this id."
        )
        for index, line in enumerate(request.lines)
        if line.product_id not in known
    ]
    if unknown:
        raise Invalid(unknown)
