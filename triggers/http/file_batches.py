"""Have many files looked at together, and show how far that is."""

from typing import Any, Final

import azure.durable_functions as df
import azure.functions as func

from domain.files.batch import FILE_BATCH, FileBatchRequest
from domain.workflows.run import WorkflowProgress
from services.container import services
from triggers.http.support.problems import answers_problems, invalid_field
from triggers.http.support.request_body import read_body
from triggers.http.support.workflows import cancel_run, run_status, start_as_asked

bp = df.Blueprint()

FILE_BATCHES: Final = "file-batches"
FILE_BATCH_RUN: Final = "file-batches/{id}"
FILE_BATCH_CANCELLATION: Final = "file-batches/{id}/cancellation"


@bp.route(route=FILE_BATCHES, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def start_file_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for a new batch and for each repeat of the request; 409 when the id belongs to another one."""
    return await start_as_asked(req, client, FILE_BATCH, permitted(read_body(req, FileBatchRequest)), FILE_BATCHES)


def permitted(request: FileBatchRequest) -> FileBatchRequest:
    """The request. Raises Problem (422) when its container is not open to batches."""
    # The account holds more than files: keys of the host, packages, records of payments that failed.
    if request.container not in services().settings.file_batch_containers:
        raise invalid_field("container", "container_not_open", "Must be one of those in FILE_BATCH_CONTAINERS")
    return request


@bp.route(route=FILE_BATCH_RUN, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_file_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 on the way, then 200: `detail.url` leads to the summary until `detail.url_expires_at`."""
    return await run_status(req, client, FILE_BATCH, FILE_BATCH_RUN, FILE_BATCHES, fresh=_link)


@bp.route(route=FILE_BATCH_CANCELLATION, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def cancel_file_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202: it stops when the files that are being looked at are done. 409 when it has ended or not begun."""
    return await cancel_run(req, client, FILE_BATCH, FILE_BATCH_CANCELLATION, FILE_BATCHES)


def _link(progress: WorkflowProgress) -> dict[str, Any]:
    if progress.status != "completed":
        return {}
    link = services().file_batches.summary_link(progress.id)
    return {"url": link.url, "url_expires_at": link.expires_at}
