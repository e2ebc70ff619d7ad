"""The runs of every workflow but the order's: by state and workflow, and any of them by its id."""

import asyncio
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple

import azure.functions as func
from pydantic import Field

from console.web.page import page
from console.web.rendering import address
from console.web.timeline import ledger_timeline
from console.web.visit import Visit
from domain.files.batch import FILE_BATCH
from domain.identity import Role
from domain.ids import EXPENSE_APPROVAL, PROCESS_ORDER, WorkflowKey
from domain.onboarding.user import USER_ONBOARDING
from domain.orders.batch import ORDER_BATCH
from domain.page import InvalidCursor, Page
from domain.personal.run import CUSTOMER_DATA
from domain.refusals import Conflict, Invalid
from domain.reports.report import REPORT
from domain.shipping.tracking import SHIPMENT_TRACKING
from domain.wire import Edge
from domain.workflows.dead_letter import REPLAY_DEAD_LETTER
from domain.workflows.run import RecordedRun
from services.container import services
from services.recovery.settlement import settle
from services.workflows.runs import (
    CANCELLABLE_WORKFLOWS,
    can_be_cancelled,
    cancel_run,
    find_run,
    open_dead_letters,
)
from triggers.http.support.callers import caller
from triggers.http.support.request_params import WorkflowName, checked_id

_READERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
_OPERATORS: Final = frozenset({Role.OPERATOR})
_PAGE_SIZE: Final = 50
_REPLAY: Final = "replay"
_WORKFLOWS: Final = (
    CUSTOMER_DATA,
    EXPENSE_APPROVAL,
    FILE_BATCH,
    ORDER_BATCH,
    REPLAY_DEAD_LETTER,
    REPORT,
    SHIPMENT_TRACKING,
    USER_ONBOARDING,
)


class RunState(StrEnum):
    """Whether a run is not known to have ended."""

    OPEN = "open"
    ENDED = "ended"


class ListedRun(NamedTuple):
    """A run as the list shows it. `path`: of its page. `end`: how it has ended, where that is recorded."""

    workflow: str
    key: str
    path: str
    accepted_at: datetime | None = None
    end: str | None = None


class RunsQuery(Edge):
    """The query of the list. A workflow with an id leads to that run, whatever its state."""

    state: RunState = RunState.OPEN
    workflow: WorkflowName | None = None
    id: WorkflowKey | None = None
    cursor: Annotated[str, Field(max_length=2_000)] | None = None


class NoFields(Edge):
    """A form that is a button alone."""


@page("GET", "workflows", roles=_READERS, menu="Workflows")
async def show_runs(visit: Visit) -> func.HttpResponse:
    """Show one page of runs, the open ones unless those that have ended are asked for."""
    query = visit.query(RunsQuery)
    if query.workflow is not None and query.id is not None:
        is_order = query.workflow == PROCESS_ORDER
        return visit.go_to(address(f"orders/{query.id}" if is_order else f"workflows/{query.workflow}/{query.id}"))
    runs = await asyncio.to_thread(_read, query)
    return visit.show(
        "workflows.html",
        query=query,
        runs=runs.items,
        cursor=runs.cursor,
        states=tuple(RunState),
        workflows=_WORKFLOWS,
    )


@page("GET", "workflows/{workflow}/{id}", roles=_READERS)
async def show_run(visit: Visit) -> func.HttpResponse:
    """Show a run with its ledger."""
    view = await find_run(visit.client, visit.id("workflow"), visit.id("id"))
    letters = await open_dead_letters(view)
    can_be_settled = bool(letters) or view.has_stopped
    return visit.show(
        "workflow.html",
        view=view,
        moments=ledger_timeline(view.progress.steps, view.progress.step),
        dead_letters=letters,
        may_settle=can_be_settled and caller().has(*_OPERATORS),
        may_cancel=caller().has(*_OPERATORS) and await can_be_cancelled(view),
        done=visit.request.params.get("done") == "cancel",
    )


@page("POST", "workflows/{workflow}/{id}/cancel", roles=_OPERATORS)
async def cancel_run_in_console(visit: Visit) -> func.HttpResponse:
    """Ask a run to stop where it can."""
    workflow, key = checked_id("workflow", visit.values["workflow"]), visit.id("id")
    visit.form(NoFields)
    if workflow not in CANCELLABLE_WORKFLOWS:
        raise Conflict("not_cancellable", "No run of this workflow is cancelled by an operator.")
    await cancel_run(visit.client, workflow, key)
    return visit.go_to(address(f"workflows/{workflow}/{key}", done="cancel"))


@page("POST", "workflows/{workflow}/{id}/settle", roles=_OPERATORS)
async def settle_run_in_console(visit: Visit) -> func.HttpResponse:
    """Replay everything that is open of a run."""
    workflow, key = checked_id("workflow", visit.values["workflow"]), visit.id("id")
    visit.form(NoFields)
    await settle(visit.client, workflow, key)
    return visit.go_to(address(f"workflows/{workflow}/{key}"))


def _read(query: RunsQuery) -> Page[ListedRun]:
    # The instances of replays have a shorter name than their workflow.
    name = _REPLAY if query.workflow == REPLAY_DEAD_LETTER else query.workflow
    runs, asked = services().run_repository, {"workflow": name, "cursor": query.cursor}
    try:
        if query.state is RunState.OPEN:
            opened = runs.list_open(**asked, limit=_PAGE_SIZE)
            return Page([_listed(run.instance_id, accepted_at=run.accepted_at) for run in opened.items], opened.cursor)
        ended = runs.list_ended(**asked, limit=_PAGE_SIZE)
        return Page([_listed(run.instance_id, end=_end_of(run)) for run in ended.items], ended.cursor)
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None


def _listed(instance_id: str, **facts: Any) -> ListedRun:
    name, _, key = instance_id.partition(".")
    if name == _REPLAY:
        return ListedRun(REPLAY_DEAD_LETTER, key, f"dead-letters/{key.rpartition('.')[0]}", **facts)
    return ListedRun(name, key, f"workflows/{name}/{key}", **facts)


def _end_of(run: RecordedRun) -> str | None:
    if run.end is not None:
        return run.end.status
    return None if run.course is None else run.course.end
