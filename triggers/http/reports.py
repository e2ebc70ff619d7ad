"""Ask for reports, and collect them when they are ready."""

import asyncio
from typing import Any, Final

import azure.durable_functions as df
import azure.functions as func

from domain.reports.report import REPORT, ReportFormat, ReportRequest
from domain.workflows.run import WorkflowProgress
from services.container import services
from triggers.http.support.problems import answers_problems, invalid_field
from triggers.http.support.request_body import read_body
from triggers.http.support.workflows import run_status, start_as_asked

bp = df.Blueprint()

REPORTS: Final = "reports"
REPORT_RUN: Final = "reports/{id}"


@bp.route(route=REPORTS, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def request_report(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for a new report and for each repeat of the request; 409 when the id belongs to another one."""
    request = read_body(req, ReportRequest)
    if request.callback_url is not None:
        problem = await asyncio.to_thread(services().webhooks.problem_with, request.callback_url)
        if problem is not None:
            raise invalid_field("callback_url", "callback_forbidden", f"The address {problem}")
    return await start_as_asked(req, client, REPORT, request, REPORTS)


@bp.route(route=REPORT_RUN, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_report(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 while it is made, then 200: `detail.url` leads to the document until `detail.url_expires_at`."""
    return await run_status(req, client, REPORT, REPORT_RUN, REPORTS, fresh=_link)


def _link(progress: WorkflowProgress) -> dict[str, Any]:
    if progress.status != "completed":
        return {}
    link = services().reports.link(progress.id, ReportFormat(progress.detail["format"]))
    return {"url": link.url, "url_expires_at": link.expires_at}
