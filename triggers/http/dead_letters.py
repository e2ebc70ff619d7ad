"""What could not be done automatically: list it, look at it, try it again, or close it by hand."""

import asyncio
from datetime import UTC, datetime

import azure.durable_functions as df
import azure.functions as func

from adapters.telemetry import emit_dead_letter, emit_status
from domain.errors import EndNotKnown
from domain.ids import PROCESS_ORDER, dead_letter_instance_id
from domain.orders.order import CloseOrder, OrderStatus
from domain.wire import Wire
from domain.workflows.course import RunEnd
from domain.workflows.dead_letter import (
    CloseDeadLetter,
    DeadLetter,
    DeadLetterChanged,
    DeadLetterState,
    ReplayProgress,
    Resolution,
    StoredDeadLetter,
)
from domain.workflows.run import CloseRun, Run
from domain.workflows.steps import LedgerEntry, Outcome, StepResult
from services.container import services
from services.durable_client import InstanceStatus
from services.instances import REPLAY_DEAD_LETTER, instance_status, is_unfinished
from services.order_closing import notify_of_end
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.problems import Problem, conflict
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id, read_query, unknown
from triggers.http.support.responses import accepted, answer

bp = df.Blueprint()


class DeadLetterQuery(PageQuery):
    """state: only records in it."""

    state: DeadLetterState | None = None


class DeadLetterList(Wire):
    """One page of records. next_cursor: for the next one; None on the last."""

    dead_letters: tuple[DeadLetter, ...]
    next_cursor: str | None


class Replay(Wire):
    """An operator's try. attempt: from 1. result: how the step ended, once it has."""

    attempt: int
    runtimeStatus: str
    result: StepResult | None


class DeadLetterAnswer(DeadLetter):
    """A record, with its latest replay."""

    latest_replay: Replay | None


class ReplayAnswer(Wire):
    """A replay that is under way. attempt: from 1."""

    id: str
    dead_letter_id: str
    attempt: int
    statusQueryGetUri: str


@operation(
    bp,
    "GET",
    "dead-letters",
    query=DeadLetterQuery,
    answers={200: DeadLetterList},
)
async def list_dead_letters(req: func.HttpRequest) -> func.HttpResponse:
    """List dead letters, sorted by id.

    A dead letter is a step that could not be done automatically and waits for an operator.
    """
    page = await read_page(services().dead_letters.list, read_query(req, DeadLetterQuery))
    return answer(DeadLetterList(dead_letters=tuple(page.items), next_cursor=page.cursor))


@operation(
    bp,
    "GET",
    "dead-letters/{dead_letter_id}",
    answers={200: DeadLetterAnswer},
)
async def get_dead_letter(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return a dead letter with its latest replay."""
    letter = (await _stored(req)).letter
    return answer(DeadLetterAnswer(**dict(letter), latest_replay=await _latest_replay(client, letter)))


@operation(
    bp,
    "POST",
    "dead-letters/{dead_letter_id}/replay",
    answers={202: ReplayAnswer},
    problems={409: "The dead letter is closed, holds nothing to replay, or is being replayed."},
)
async def start_replay(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Try the step of a dead letter again.

    The order is closed when the step succeeds and nothing else of the order is open.
    """
    letter = await _claim_attempt(client, await _stored(req))
    instance_id = _replay_id(letter)
    await _start(client, instance_id, letter)
    body = ReplayAnswer(
        id=instance_id,
        dead_letter_id=letter.dead_letter_id,
        attempt=letter.replays,
        statusQueryGetUri=resource("dead-letters", letter.dead_letter_id),
    )
    return accepted(body, body.statusQueryGetUri)


@operation(
    bp,
    "POST",
    "dead-letters/{dead_letter_id}/resolve",
    body=Resolution,
    answers={200: DeadLetter},
    problems={409: "The dead letter was closed otherwise, is being replayed, or its order has not ended yet."},
)
async def resolve_dead_letter(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Close a dead letter that an operator has settled by hand.

    A repeat of the same resolution gets the same answer.
    """
    resolution = read_body(req, Resolution)
    stored = await _stored(req)
    if stored.letter.resolution != resolution:
        await _check_open(client, stored.letter)
        await _update(stored, stored.letter.claim_resolution(resolution))
    try:
        await _resolve(stored.letter, resolution)
    except EndNotKnown:
        await _give_up_resolution(await _stored(req), resolution)
        detail = "The order repository has not recorded the order's end yet; try again in a few minutes."
        raise conflict("end_not_known", detail) from None
    closed = (await _stored(req)).letter
    if closed.resolution != resolution:
        raise _changed()
    return answer(closed)


async def _stored(req: func.HttpRequest) -> StoredDeadLetter:
    dead_letter_id = path_id(req, "dead_letter_id")
    stored = await asyncio.to_thread(services().dead_letters.get, dead_letter_id)
    if stored is None:
        raise unknown("dead_letter_id")
    return stored


async def _check_open(client: df.DurableOrchestrationClient, letter: DeadLetter) -> None:
    if letter.state is not DeadLetterState.OPEN:
        raise conflict("closed", f"The dead letter is closed: {letter.state}.")
    if letter.resolution is not None:
        detail = "The dead letter is being resolved. If that has stopped, send the resolution that it shows again."
        raise conflict("resolution_under_way", detail)
    if letter.awaits_replay(datetime.now(UTC)) or is_unfinished(await _latest_instance(client, letter)):
        raise _running()


async def _claim_attempt(client: df.DurableOrchestrationClient, stored: StoredDeadLetter) -> DeadLetter:
    """Return the record with the number of a replay that is this caller's alone."""
    letter = stored.letter
    await _check_open(client, letter)
    if not letter.commands:
        raise conflict("nothing_to_replay", "The record holds nothing that could be done again; resolve it by hand.")
    claimed = letter.claim_replay(datetime.now(UTC))
    await _update(stored, claimed)
    return claimed


async def _update(stored: StoredDeadLetter, changed: DeadLetter) -> None:
    """Store a change of what was read: of two callers who read the same, one comes through. Raises Problem (409)."""
    try:
        await asyncio.to_thread(services().dead_letters.update, changed, stored.etag)
    except DeadLetterChanged:
        raise _changed() from None


async def _start(client: df.DurableOrchestrationClient, instance_id: str, letter: DeadLetter) -> None:
    """Start the replay, which the recovery timer looks after as after every run."""
    run = Run(
        workflow=REPLAY_DEAD_LETTER,
        key=letter.dead_letter_id,
        request=letter.to_wire(),
        accepted_at=datetime.now(UTC),
        instance_id=instance_id,
    )
    await asyncio.to_thread(services().run_repository.accept, run, instance_id)
    try:
        await client.start_new(REPLAY_DEAD_LETTER, instance_id, letter.to_wire())
    except Exception:
        # The client has one type for everything: look which it was.
        if is_unfinished(await instance_status(client, instance_id)):
            raise _running() from None
        raise


async def _latest_instance(client: df.DurableOrchestrationClient, letter: DeadLetter) -> InstanceStatus | None:
    return await instance_status(client, _replay_id(letter)) if letter.replays else None


async def _latest_replay(client: df.DurableOrchestrationClient, letter: DeadLetter) -> Replay | None:
    status = await _latest_instance(client, letter)
    if status is None:
        return None
    completed = status.runtime_status is df.OrchestrationRuntimeStatus.Completed
    return Replay(
        attempt=letter.replays,
        runtimeStatus=status.runtime_status.name,
        result=ReplayProgress.model_validate(status.output).result if completed else None,
    )


async def _resolve(letter: DeadLetter, resolution: Resolution) -> None:
    """Store it in the order's ledger, which may end the order; the record last: until all is done it is there to be repeated.

    Raises EndNotKnown while the order repository cannot say yet what is open.
    """
    now = datetime.now(UTC)
    if letter.run_end is not None:
        message = f"resolved by {resolution.resolved_by}: {resolution.reason}"[:500]
        entry = LedgerEntry(step=letter.step, kind="compensation", outcome=Outcome.DONE, at=now, message=message)
        await _close_run(letter, letter.run_end, entry)
    closing = CloseDeadLetter(
        dead_letter_id=letter.dead_letter_id, state=DeadLetterState.RESOLVED, at=now, resolution=resolution
    )
    emit_dead_letter(await asyncio.to_thread(services().dead_letters.close, closing))


async def _give_up_resolution(stored: StoredDeadLetter, resolution: Resolution) -> None:
    """Let other operators, and replays, have the record again."""
    if stored.letter.state is DeadLetterState.OPEN and stored.letter.resolution == resolution:
        await _update(stored, stored.letter.claim_resolution(None))


async def _close_run(letter: DeadLetter, end: RunEnd, entry: LedgerEntry) -> None:
    if letter.workflow == PROCESS_ORDER:
        await _close_order(CloseOrder(order_id=letter.order_id, status=OrderStatus(end), entry=entry))
    else:
        closing = CloseRun(workflow=letter.workflow, key=letter.order_id, end=end, entry=entry)
        await asyncio.to_thread(services().run_repository.close, closing)


async def _close_order(closing: CloseOrder) -> None:
    after = await asyncio.to_thread(services().order_repository.close, closing)
    if after is None:
        return
    emit_status(after.changed)
    if after.status is closing.status:
        await asyncio.to_thread(notify_of_end, services().order_repository, services().outbox, closing)


def _replay_id(letter: DeadLetter) -> str:
    return dead_letter_instance_id(letter.dead_letter_id, letter.replays)


def _running() -> Problem:
    return conflict("replay_running", "A replay of this dead letter is running.")


def _changed() -> Problem:
    return conflict("changed_meanwhile", "Somebody else changed this dead letter at the same time; look at it again.")
