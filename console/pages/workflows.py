"""The runs of every workflow but the order's: those that are open, and any of them by its id."""

import asyncio
from typing import Annotated, Final

import azure.functions as func
from pydantic import Field

from console.web.page import page
from console.web.rendering import address
from console.web.timeline import ledger_timeline
from console.web.visit import Visit
from domain.identity import Role
from domain.ids import PROCESS_ORDER, WorkflowKey
from domain.page import InvalidCursor, Page
from domain.refusals import Invalid
from domain.wire import Edge
from domain.workflows.run import Run
from services.container import services
from services.recovery.settlement import settle
from services.workflows.runs import find_run, open_dead_letters
from triggers.http.support.callers import caller
from triggers.http.support.request_params import WorkflowName, checked_id

_READERS: Final = frozenset({Role.OPERATOR, Role.AUDITOR})
_OPERATORS: Final = frozenset({Role.OPERATOR})
_PAGE_SIZE: Final = 50


class RunsQuery(Edge):
    """The query of the list. A workflow with an id leads to that run, open or not."""

    workflow: WorkflowName | None = None
    id: WorkflowKey | None = None
    cursor: Annotated[str, Field(max_length=2_000)] | None = None


class NoFields(Edge):
    """A form that is a button alone."""


@page("GET", "workflows", roles=_READERS, menu="Workflows")
async def show_runs(visit: Visit) -> func.HttpResponse:
    """Show the runs of one page that have not ended."""
    query = visit.query(RunsQuery)
    if query.workflow is not None and query.id is not None:
        is_order = query.workflow == PROCESS_ORDER
        return visit.go_to(address(f"orders/{query.id}" if is_order else f"workflows/{query.workflow}/{query.id}"))
    runs = await asyncio.to_thread(_read, query.cursor)
    return visit.show("workflows.html", query=query, runs=runs.items, cursor=runs.cursor)


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
    )


@page("POST", "workflows/{workflow}/{id}/settle", roles=_OPERATORS)
async def settle_run_in_console(visit: Visit) -> func.HttpResponse:
    """Replay everything that is open of a run."""
    workflow, key = checked_id("workflow", visit.values["workflow"]), visit.id("id")
    visit.form(NoFields)
    await settle(visit.client, workflow, key)
    return visit.go_to(address(f"workflows/{workflow}/{key}"))


def _read(cursor: str | None) -> Page[Run]:
    try:
        return services().run_repository.list_open(cursor=cursor, limit=_PAGE_SIZE)
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None
