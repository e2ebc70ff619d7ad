"""Start, show and cancel batches of files."""

from typing import Any, ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.files.batch import FILE_BATCH, FileBatchRequest
from domain.identity import Role
from domain.workflows.run import WorkflowProgress
from services.container import services
from services.files.batches import permitted
from services.workflows.runs import RunView
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, cancelled, run_status, start_as_asked

bp = df.Blueprint()


class FileBatchDocument(RunDocument):
    """A batch of files, and how far it is."""

    asked: ClassVar = FileBatchRequest

    request: FileBatchRequest | None


@operation(
    bp,
    "POST",
    "file-batches",
    roles=frozenset({Role.OPERATOR}),
    body=FileBatchRequest,
    takes_idempotency_key=True,
    answers={202: WorkflowLinks},
    problems={409: "Another request has this id."},
)
async def start_file_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Process a batch of files.

    Send an id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer.
    """
    return await start_as_asked(req, client, FILE_BATCH, permitted(read_body(req, FileBatchRequest)), "file-batches")


@operation(
    bp,
    "GET",
    "file-batches/{id}",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (FileBatchDocument, DurableStatus), 202: (FileBatchDocument, DurableStatus)},
)
async def get_file_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a batch of files.

    The status is 202 while it goes on and 200 when it has ended. Then `detail.url` leads to the summary until
    `detail.url_expires_at`.
    """
    return await run_status(req, client, FILE_BATCH, "file-batches", FileBatchDocument, fresh=_link, links=_links)


@operation(
    bp,
    "POST",
    "file-batches/{id}/cancellation",
    roles=frozenset({Role.OPERATOR}),
    answers={202: WorkflowLinks},
    problems={409: "No batch with this id is running."},
)
async def cancel_file_batch(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Cancel a batch of files.

    The batch stops after the files that are being processed.
    """
    return await cancelled(req, client, FILE_BATCH, "file-batches")


def _link(progress: WorkflowProgress) -> dict[str, Any]:
    if progress.status != "completed":
        return {}
    link = services().file_batches.summary_link(progress.id)
    return {"url": link.url, "url_expires_at": link.expires_at}


def _links(view: RunView) -> dict[str, str]:
    is_running = view.progress.status == "running"
    return {"cancellation": resource("file-batches", view.key, "cancellation")} if is_running else {}
