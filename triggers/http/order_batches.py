"""Place many orders at once, show and cancel their batch, and return the result of each line."""

import asyncio
import hashlib
from typing import ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.orders.batch import MAX_BATCH_BYTES, ORDER_BATCH, LineResult, batch_id_of
from domain.orders.order import OrderRequest
from domain.wire import Wire
from services.container import services
from services.four_eyes import record_requester
from services.input.documents import body_text
from services.orders.admission import admit_run
from services.orders.batches import store_batch
from services.orders.csv_documents import TEMPLATE
from services.orders.files import CSV, JSON_LINES
from services.workflows.runs import RunView, start_once
from triggers.http.support.callers import caller
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.problems import not_found
from triggers.http.support.request_body import check_media_type
from triggers.http.support.request_params import idempotency_key, path_id
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import (
    WorkflowLinks,
    cancelled,
    chosen_key,
    run_status,
    started_answer,
)

bp = df.Blueprint()


class OrderBatchAsked(Wire):
    """The file of a batch.

    Attributes:
        digest: SHA-256 of the file and its media type.
        lines: How many it has.
        rejected: How many of them are no orders.
    """

    digest: str
    lines: int
    rejected: int


class OrderBatchDocument(RunDocument):
    """A batch of orders, and how far it is."""

    asked: ClassVar = OrderBatchAsked

    request: OrderBatchAsked | None


@operation(
    bp,
    "POST",
    "orders/batch",
    roles=frozenset({Role.OPERATOR}),
    body=OrderRequest,
    body_types=(JSON_LINES, CSV),
    takes_idempotency_key=True,
    answers={202: WorkflowLinks},
    problems={409: "Another file was sent under this Idempotency-Key."},
)
async def place_order_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Place many orders at once.

    Send JSON Lines with one order per line, or CSV with one order per row (see `GET /orders/batch/template`). Each line
    stands for itself. The same file sent twice is one batch.
    """
    media_type = check_media_type(req, JSON_LINES, CSV)
    body = req.get_body()
    text = body_text(body, MAX_BATCH_BYTES)
    digest = hashlib.sha256(media_type.encode() + b"\n" + body).hexdigest()
    # Without a key the content is the key: a file sent twice is one batch.
    key = chosen_key(req, None) if idempotency_key(req) else batch_id_of(digest)
    await record_requester(key, caller())
    await admit_run(ORDER_BATCH, key)
    batch = await asyncio.to_thread(store_batch, key, text, media_type, digest)
    await start_once(client, ORDER_BATCH, key, batch)
    return started_answer("order-batches", key)


@operation(
    bp,
    "GET",
    "orders/batch/template",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    answers={200: None},
    answer_type=CSV,
    headers={"Content-Disposition": 'attachment; filename="orders.csv"'},
)
async def get_order_template(req: func.HttpRequest) -> func.HttpResponse:
    """Return a CSV with the columns of an order, to be filled in."""
    return func.HttpResponse(TEMPLATE.encode(), mimetype=CSV, charset="utf-8")


@operation(
    bp,
    "GET",
    "order-batches/{id}",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (OrderBatchDocument, DurableStatus), 202: (OrderBatchDocument, DurableStatus)},
)
async def get_order_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a batch of orders.

    The status is 202 while orders are accepted and 200 when every line has its result.
    """
    return await run_status(req, client, ORDER_BATCH, "order-batches", OrderBatchDocument, links=_links)


@operation(
    bp,
    "GET",
    "order-batches/{id}/results",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    answers={200: LineResult},
    answer_type=JSON_LINES,
    problems={404: "There is no batch with this id, or it has no results yet."},
)
async def get_order_batch_results(req: func.HttpRequest) -> func.HttpResponse:
    """Return the result of each line of a batch, as JSON Lines.

    There are no results before the batch has ended.
    """
    results = await asyncio.to_thread(services().order_batches.all_results, path_id(req, "id"))
    if results is None:
        raise not_found("results_not_found", "There is no batch with this id, or it has no results yet.")
    return func.HttpResponse(results, mimetype=JSON_LINES)


@operation(
    bp,
    "POST",
    "order-batches/{id}/cancellation",
    roles=frozenset({Role.OPERATOR}),
    answers={202: WorkflowLinks},
    problems={409: "No batch with this id is running."},
)
async def cancel_order_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Cancel a batch of orders.

    The batch stops after the lines that are being processed. Orders that were accepted stay.
    """
    return await cancelled(req, client, ORDER_BATCH, "order-batches")


def _links(view: RunView) -> dict[str, str]:
    name = "cancellation" if view.progress.status == "running" else "results"
    return {name: resource("order-batches", view.key, name)}
