"""The story of a report: fetch the orders part by part, make the document, tell whoever wants to be told."""

import azure.durable_functions as df

from activities.report import fetch_report_data, generate_report_document
from domain.reports.report import (
    MOST_PARTS,
    REPORT,
    FetchReportData,
    GenerateReport,
    ReportDataFetched,
    ReportRequest,
    report_ended,
)
from domain.workflows.run import workflow_instance_id
from domain.workflows.steps import StepResult
from domain.workflows.webhook import Callback
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import STEP, Wait
from orchestrators.kernel.webhook import call_back
from orchestrators.kernel.workflow import Workflow, WorkflowStopped, required

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def report(context: df.DurableOrchestrationContext) -> Wait:
    """Input: `{key, request: ReportRequest}`. Result and custom status: a `WorkflowProgress`; no link to the document."""
    given = context.get_input()
    request = ReportRequest.model_validate(given["request"])
    run = Workflow(context=context, name=f"{REPORT}:{given['key']}", key=given["key"])
    try:
        parts = yield from fetch_data(run, request)
        yield from make_document(run, request, parts)
        run.end("completed", "The report is ready.")
    except WorkflowStopped as stop:
        run.stopped(stop)
    if request.callback_url is not None:
        yield from tell_caller(run, request.callback_url)
    return run.progress().to_wire()


def fetch_data(run: Workflow, request: ReportRequest) -> Wait:
    """Fetch every order of the period into parts. Gives how many parts."""
    rows, cursor = 0, None
    for part in range(MOST_PARTS):
        wanted = FetchReportData(
            report_id=run.key,
            placed_from=request.placed_from,
            placed_to=request.placed_to,
            part=part,
            cursor=cursor,
        )
        attempts = yield from run.call([activity(fetch_report_data, wanted)], STEP, seed=f"fetch_report_data:{part}")
        fetched = required(None if attempts.answer is None else ReportDataFetched.model_validate(attempts.answer))
        rows, cursor = rows + fetched.rows, fetched.cursor
        run.tell("Fetching the orders.", orders=rows)
        if cursor is None:
            run.note("fetch_report_data", StepResult(message=f"{rows} orders"))
            return part + 1
    raise WorkflowStopped("rejected", "too_many_orders", "The period holds too many orders; ask for a shorter one.")


def make_document(run: Workflow, request: ReportRequest, parts: int) -> Wait:
    """Make the document; the status names its blob."""
    wanted = GenerateReport(report_id=run.key, request=request, parts=parts)
    made = yield from run.do("generate_report_document", [activity(generate_report_document, wanted)])
    run.detail |= {"format": request.format, "document": made.reference}


def tell_caller(run: Workflow, url: str) -> Wait:
    """Call back with how it ended. The link is not in it: links do not last as long as a callback may be tried."""
    told = run.progress().model_dump(
        mode="json", include={"id", "status", "succeeded", "message", "reason_code", "detail"}
    )
    instance_id = workflow_instance_id(REPORT, run.key)
    callback = Callback(
        callback_id=f"{instance_id}.ended", run_id=run.key, url=url, type=report_ended(run.status), data=told
    )
    yield from call_back(run, callback)
