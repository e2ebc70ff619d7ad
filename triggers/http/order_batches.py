"""Take in many orders at once, show how far that is, and what became of each line."""

import asyncio
import hashlib
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.orders.batch import CHUNK_LINES, MOST_BYTES, ORDER_BATCH, OrderBatch, batch_id_of
from domain.workflows.run import WorkflowKey
from orchestrators.kernel.fan_out import chunks
from services.container import services
from triggers.http.support.order_csv import TEMPLATE
from triggers.http.support.order_lines import CSV, JSON_LINES, read_lines
from triggers.http.support.problems import answers_problems, not_found
from triggers.http.support.request_body import body_text, check_media_type
from triggers.http.support.request_params import idempotency_key, path_id
from triggers.http.support.workflows import cancel_run, chosen_key, run_status, start_once, started_answer

bp = df.Blueprint()

ORDERS_BATCH: Final = "orders/batch"
ORDERS_TEMPLATE: Final = "orders/batch/template"
ORDER_BATCHES: Final = "order-batches"
ORDER_BATCH_RUN: Final = "order-batches/{id}"
ORDER_BATCH_RESULTS: Final = "order-batches/{id}/results"
ORDER_BATCH_CANCELLATION: Final = "order-batches/{id}/cancellation"


@bp.route(route=ORDERS_BATCH, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def place_order_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for a new file and for each repeat of it; 409 when its `Idempotency-Key` belongs to another one."""
    media_type = check_media_type(req, JSON_LINES, CSV)
    body = req.get_body()
    text = body_text(body, MOST_BYTES)
    digest = hashlib.sha256(media_type.encode() + b"\n" + body).hexdigest()
    # Without a name the file names itself: sent twice, it is one batch.
    key = chosen_key(req, None) if idempotency_key(req) else batch_id_of(digest)
    batch = await asyncio.to_thread(_keep, text, media_type, key, digest)
    await start_once(client, ORDER_BATCH, key, batch)
    return started_answer(req, ORDERS_BATCH, ORDER_BATCHES, key)


@bp.route(route=ORDERS_TEMPLATE, methods=["GET"])
@answers_problems
async def get_order_template(req: func.HttpRequest) -> func.HttpResponse:
    """200: the header of a CSV of orders, to be filled in."""
    headers = {"Content-Disposition": 'attachment; filename="orders.csv"'}
    return func.HttpResponse(TEMPLATE.encode(), mimetype=CSV, charset="utf-8", headers=headers)


@bp.route(route=ORDER_BATCH_RUN, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_order_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 while orders are being taken in, 200 when every line has its result."""
    return await run_status(req, client, ORDER_BATCH, ORDER_BATCH_RUN, ORDER_BATCHES)


@bp.route(route=ORDER_BATCH_RESULTS, methods=["GET"])
@answers_problems
async def get_order_batch_results(req: func.HttpRequest) -> func.HttpResponse:
    """200 with one JSON object per line of the file, or 404 before the batch has ended."""
    results = await asyncio.to_thread(services().order_batches.all_results, path_id(req, "id", WorkflowKey))
    if results is None:
        raise not_found("results_not_found", "There are no results of such a batch, or not yet.")
    return func.HttpResponse(results, mimetype=JSON_LINES)


@bp.route(route=ORDER_BATCH_CANCELLATION, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def cancel_order_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202: it stops after the lines that are under way; what is accepted stays. 409 when it has ended or not begun."""
    return await cancel_run(req, client, ORDER_BATCH, ORDER_BATCH_CANCELLATION, ORDER_BATCHES)


def _keep(text: str, media_type: str, key: str, digest: str) -> OrderBatch:
    """Read the file and keep its lines where the batch's run finds them. Raises Problem and StorageUnavailable."""
    orders, rejected = read_lines(text, media_type, key)
    parts = chunks(orders, CHUNK_LINES)
    services().order_batches.keep_lines(key, digest, parts, rejected)
    return OrderBatch(digest=digest, lines=len(orders) + len(rejected), rejected=len(rejected), chunks=len(parts))
