"""Request reports, and show each with the link to its document."""

import asyncio
from typing import Any, ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.reports.report import REPORT, ReportFormat, ReportRequest
from domain.wire import Timestamp, Wire
from domain.workflows.run import WorkflowProgress
from services.container import services
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.operation import operation
from triggers.http.support.problems import invalid_field
from triggers.http.support.request_body import read_body
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, run_status, start_as_asked

bp = df.Blueprint()


class ReportAsked(Wire):
    """What a report is about. Its callback_url is not shown: it may hold a secret."""

    placed_from: Timestamp
    placed_to: Timestamp
    format: ReportFormat


class ReportDocument(RunDocument):
    """A report, and how far it is."""

    asked: ClassVar = ReportAsked

    request: ReportAsked | None


@operation(
    bp,
    "POST",
    "reports",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    body=ReportRequest,
    takes_idempotency_key=True,
    answers={202: WorkflowLinks},
    problems={409: "Another request has this id."},
)
async def request_report(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Request a report.

    Send an id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer.
    """
    request = read_body(req, ReportRequest)
    if request.callback_url is not None:
        problem = await asyncio.to_thread(services().webhooks.problem_with, request.callback_url)
        if problem is not None:
            raise invalid_field("callback_url", "webhook_forbidden", f"The address {problem}")
    return await start_as_asked(req, client, REPORT, request, "reports")


@operation(
    bp,
    "GET",
    "reports/{id}",
    roles=frozenset({Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (ReportDocument, DurableStatus), 202: (ReportDocument, DurableStatus)},
)
async def get_report(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a report.

    The status is 202 while it is made and 200 when it has ended. Then `detail.url` leads to the document until
    `detail.url_expires_at`.
    """
    return await run_status(req, client, REPORT, "reports", ReportDocument, fresh=_link)


def _link(progress: WorkflowProgress) -> dict[str, Any]:
    if progress.status != "completed":
        return {}
    link = services().reports.link(progress.id, ReportFormat(progress.detail["format"]))
    return {"url": link.url, "url_expires_at": link.expires_at}
