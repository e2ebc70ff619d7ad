"""Make a report: fetch the orders part by part, make the document, send a webhook to the address that was given."""

import azure.durable_functions as df

from activities.report import fetch_report_data, generate_report_document
from domain.ids import instance_id_of
from domain.reports.report import (
    MAX_REPORT_PARTS,
    REPORT,
    FetchReportData,
    GenerateReport,
    ReportDataFetched,
    ReportRequest,
    report_ended,
)
from domain.workflows.commands import step_of
from domain.workflows.course import RunStopped
from domain.workflows.steps import StepResult
from domain.workflows.webhook import Webhook
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.webhook import send_webhook
from orchestrators.kernel.workflow_run import WorkflowRun, required

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def report(context: df.DurableOrchestrationContext) -> Wait:
    """Make a report of the orders of a period.

    Input: `{key, request: ReportRequest}`. Result and custom status: a `WorkflowProgress`; no link to the document.
    """
    given = context.get_input()
    request = ReportRequest.model_validate(given["request"])
    run = WorkflowRun.begin(context, REPORT, given)
    yield from saga(run, make_report(run, request))
    if request.callback_url is not None:
        yield from send_webhook_of_end(run, request.callback_url)
    return run.progress().to_wire()


def make_report(run: WorkflowRun, request: ReportRequest) -> Wait:
    """Take every step. Returns the run's end."""
    parts = yield from fetch_data(run, request)
    yield from make_document(run, request, parts)
    return run.end("completed", "The report is ready.")


def fetch_data(run: WorkflowRun, request: ReportRequest) -> Wait:
    """Fetch every order of the period into parts. Returns how many parts."""
    rows, cursor = 0, None
    for part in range(MAX_REPORT_PARTS):
        wanted = FetchReportData(
            report_id=run.key,
            placed_from=request.placed_from,
            placed_to=request.placed_to,
            part=part,
            cursor=cursor,
        )
        command = activity(fetch_report_data, wanted)
        attempts = yield from run.call([command], run.step_policy, seed=f"{command.operation}:{part}")
        answer = None if attempts.answer is None else ReportDataFetched.model_validate(attempts.answer)
        fetched = required(command.operation, answer)
        rows, cursor = rows + fetched.rows, fetched.cursor
        run.show("Fetching the orders.", orders=rows)
        if cursor is None:
            run.record(command.operation, StepResult(message=f"{rows} orders"))
            return part + 1
    raise RunStopped("rejected", "too_many_orders", "The period holds too many orders; ask for a shorter one.")


def make_document(run: WorkflowRun, request: ReportRequest, parts: int) -> Wait:
    """Make the document; the status names its blob."""
    wanted = GenerateReport(report_id=run.key, request=request, parts=parts)
    made = yield from run.do(step_of(activity(generate_report_document, wanted)))
    run.detail |= {"format": request.format, "document": made.reference}


def send_webhook_of_end(run: WorkflowRun, url: str) -> Wait:
    """Send a webhook that says how it ended. The link is not in it: links do not last as long as a webhook may be tried."""
    end = run.progress().model_dump(
        mode="json", include={"id", "status", "succeeded", "message", "reason_code", "detail"}
    )
    instance_id = instance_id_of(REPORT, run.key)
    webhook = Webhook(
        webhook_id=f"{instance_id}.ended", run_id=run.key, url=url, type=report_ended(run.status), data=end
    )
    yield from send_webhook(run, webhook)
