"""Export or erase one customer's data, page by page: orders, users and cart, runs of every kind, files."""

from collections import Counter
from collections.abc import Iterable
from itertools import count
from typing import Any

import azure.durable_functions as df

from activities.customer_data import (
    check_customer_page,
    erase_customer_page,
    export_customer_page,
    finish_erasure,
    finish_export,
)
from domain.personal.erasure import Open
from domain.personal.run import (
    CHECKED,
    CUSTOMER_DATA,
    ERASED,
    CustomerDataRequest,
    DataAction,
    DataPage,
    DataPageDone,
    DataPlace,
    FinishErasure,
    FinishExport,
)
from domain.workflows.commands import step_of
from domain.workflows.course import RunStopped
from domain.workflows.steps import StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import WorkflowRun, required

bp = df.Blueprint()

_MAX_SHOWN = 5


@bp.orchestration_trigger(context_name="context")
def customer_data(context: df.DurableOrchestrationContext) -> Wait:
    """Export or erase a customer's data.

    Input: `{key, request: CustomerDataRequest}`. Result and custom status: a `WorkflowProgress`, with nothing of the customer.
    """
    given = context.get_input()
    request = CustomerDataRequest.model_validate(given["request"])
    run = WorkflowRun.begin(context, CUSTOMER_DATA, given)
    work = export(run, request) if request.action is DataAction.EXPORT else erase(run, request)
    return (yield from saga(run, work))


def export(run: WorkflowRun, request: CustomerDataRequest) -> Wait:
    """Keep every page, and make one document of them. Returns the run's end."""
    run.detail |= {"action": request.action}
    yield from walk(run, export_customer_page, DataPlace, request)
    made = yield from run.do(step_of(activity(finish_export, FinishExport(key=run.key, request=request))), PERSISTENT)
    run.detail |= {"document": made.reference}
    return run.end("completed", "The export is ready.")


def erase(run: WorkflowRun, request: CustomerDataRequest) -> Wait:
    """Erase everything, once all of it is settled. Returns the run's end."""
    run.detail |= {"action": request.action}
    subject = str(request.subject)
    _, open_ones = yield from walk(run, check_customer_page, CHECKED, request)
    counts: Counter[str] = Counter()
    if not open_ones:
        counts, open_ones = yield from walk(run, erase_customer_page, ERASED, request, stops_at_open=True)
    ending = FinishErasure(subject=subject, counts=dict(counts), open=tuple(open_ones))
    yield from run.do(step_of(activity(finish_erasure, ending)), PERSISTENT)
    if open_ones:
        shown = ", ".join(f"{each.kind} {each.id} ({each.why})" for each in open_ones[:_MAX_SHOWN])
        raise RunStopped("rejected", "not_settled", f"{len(open_ones)} must be settled before: {shown}.")
    return run.end("completed", "The data is erased.")


def walk(
    run: WorkflowRun,
    step: Any,
    places: Iterable[DataPlace],
    request: CustomerDataRequest,
    *,
    stops_at_open: bool = False,
) -> Wait:
    """Do every page of some places. Returns how many records of each kind there were, and what is open.

    stops_at_open: Whether the places behind one with something open are left as they are: by them it is found again.
    """
    counts: Counter[str] = Counter()
    open_ones: list[Open] = []
    name = ""
    for place in places:
        cursor: str | None = None
        for number in count():
            page = DataPage(key=run.key, request=request, place=place, cursor=cursor, number=number)
            command = activity(step, page)
            name = command.operation
            attempts = yield from run.call([command], PERSISTENT, seed=f"{name}:{place}:{number}")
            answer = None if attempts.answer is None else DataPageDone.model_validate(attempts.answer)
            done = required(name, answer)
            counts.update(done.counts)
            open_ones += done.open
            run.show("Going through the data.", place=place, counts=dict(counts))
            cursor = done.cursor
            if cursor is None:
                break
        if stops_at_open and open_ones:
            break
    run.record(name, StepResult(message=f"{sum(counts.values())} records, {len(open_ones)} open"))
    return counts, open_ones
