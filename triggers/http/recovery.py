"""Start again, or settle, what has failed: many runs with one request."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.identity import Role
from domain.ids import PROCESS_ORDER, WorkflowKey
from domain.page import InvalidCursor, Page
from domain.wire import Edge, OneLine, Timestamp, Wire
from services.recovery.bulk import Action, Key, Selection, failed_runs, recover_runs
from services.recovery.starting_again import Recovered, Wish
from triggers.http.support.callers import doer
from triggers.http.support.operation import operation
from triggers.http.support.problems import invalid_field
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import WorkflowName
from triggers.http.support.responses import answer

bp = df.Blueprint()

MAX_RUNS = 100
"""Of one request: what is answered well within the platform's 230 seconds."""


class RecoveryRequest(Edge):
    """Which runs, and what is to become of them.

    Attributes:
        action: start_again: let the runs go on. settle: replay everything of them that is open.
        requested_by: Ignored: the operator, whose name goes into the dead letters that are withdrawn, is the caller.
        workflow: Only its runs; `process_order` are orders. With `ids` it is the workflow of these, orders if it is left out.
        ids: These runs, and no others.
        failed_since: Only what has failed then or later.
        failed_before: Only what has failed earlier than that.
        limit: The most runs of one answer.
        cursor: The `next_cursor` of the answer before, with an otherwise equal request.
    """

    action: Action = Action.START_AGAIN
    requested_by: OneLine | None = None
    workflow: WorkflowName | None = None
    ids: Annotated[list[WorkflowKey], Field(min_length=1, max_length=MAX_RUNS)] | None = None
    failed_since: Timestamp | None = None
    failed_before: Timestamp | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=MAX_RUNS)] = 20
    cursor: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None

    @model_validator(mode="after")
    def _names_or_selects(self) -> Self:
        given = {"failed_since": self.failed_since, "failed_before": self.failed_before, "cursor": self.cursor}
        mixed = [name for name, value in given.items() if value is not None]
        if self.ids is not None and mixed:
            rule = PydanticCustomError("with_ids", "Must be left out when `ids` is given")
            errors = [InitErrorDetails(type=rule, loc=(name,), input=None) for name in mixed]
            raise ValidationError.from_exception_data(type(self).__name__, errors, hide_input=True)
        return self


class RecoveredRun(Wire):
    """What became of one run. reason: for programs; detail: for people. Both are null when it was started."""

    workflow: str
    id: str
    outcome: Literal["started", "skipped"]
    reason: str | None
    detail: str | None

    @classmethod
    def of(cls, recovered: Recovered) -> Self:
        """Return the line of a run."""
        return cls(
            workflow=recovered.workflow,
            id=recovered.key,
            outcome="started" if recovered.reason is None else "skipped",
            reason=recovered.reason,
            detail=recovered.detail,
        )


class RecoveryAnswer(Wire):
    """One page. `next_cursor` is for the next page, null on the last one; a page may be empty and have a next one."""

    runs: tuple[RecoveredRun, ...]
    started: int
    skipped: int
    next_cursor: str | None


@operation(
    bp,
    "POST",
    "recovery",
    roles=frozenset({Role.OPERATOR}),
    body=RecoveryRequest,
    answers={200: RecoveryAnswer},
)
async def recover_failed_runs(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Start again what has failed, page by page; after a faulty release was rolled back, say.

    A run that waits for its next try is started at once. An order that was given up goes on where it was, unless something of it
    is compensated; one that is paid is completed. Each run that stays as it is has its reason, and its detail says what to do. A
    repeat starts nothing twice. `python -m scripts.recover` sends this until the last page.
    """
    asked, now = read_body(req, RecoveryRequest), datetime.now(UTC)
    page = await _wanted(client, asked)
    wish = Wish(requested_by=doer(asked.requested_by, "requested_by"), is_named=asked.ids is not None, now=now)
    runs = tuple(RecoveredRun.of(each) for each in await recover_runs(client, asked.action, page.items, wish))
    started = sum(run.outcome == "started" for run in runs)
    return answer(RecoveryAnswer(runs=runs, started=started, skipped=len(runs) - started, next_cursor=page.cursor))


async def _wanted(client: df.DurableOrchestrationClient, asked: RecoveryRequest) -> Page[Key]:
    if asked.ids is not None:
        workflow = asked.workflow or PROCESS_ORDER
        return Page([(workflow, key) for key in dict.fromkeys(asked.ids)], None)
    wanted = Selection(workflow=asked.workflow, since=asked.failed_since, before=asked.failed_before)
    try:
        return await failed_runs(client, asked.action, wanted, asked.cursor, asked.limit)
    except InvalidCursor:
        raise invalid_field("cursor", "invalid_cursor", "Must be a next_cursor of this operation") from None
