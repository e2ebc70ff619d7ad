"""Replay or resolve what could not be done automatically. Of two operators, or an operator and a replay, one comes through."""

import asyncio
from datetime import UTC, datetime

from domain.errors import EndNotKnown
from domain.ids import PROCESS_ORDER, dead_letter_instance_id
from domain.inventory.bulk_restock import may_count_twice
from domain.orders.late_start import START_ORDER, start_of
from domain.refusals import Conflict, NotFound
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.dead_letter import (
    BeginReplay,
    CloseDeadLetter,
    DeadLetter,
    DeadLetterChanged,
    DeadLetterState,
    Resolution,
    StoredDeadLetter,
)
from domain.workflows.run import CloseRun, Run
from domain.workflows.steps import LedgerEntry, Outcome, StepResult
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import REPLAY_DEAD_LETTER, instance_status, is_unfinished
from services.orders.late_start import reject_late
from services.telemetry import emit_dead_letter, emit_status
from services.workflows.records import announce_end, records_of


class DeadLetterNotFound(NotFound):
    """There is no dead letter with this id."""

    def __init__(self) -> None:
        super().__init__("dead_letter_not_found", "There is no dead letter with this id.")


class ReplayRunning(Conflict):
    """A replay of the dead letter is running."""

    def __init__(self) -> None:
        super().__init__(
            "replay_running", "A replay of this dead letter is running; read it again to see how that ends."
        )


class ChangedMeanwhile(Conflict):
    """Another operator changed the dead letter at the same time."""

    def __init__(self) -> None:
        detail = "Another operator changed this dead letter at the same time; read it again."
        super().__init__("changed_meanwhile", detail)


async def find_dead_letter(dead_letter_id: str) -> StoredDeadLetter:
    """Return a record with its version.

    Raises:
        DeadLetterNotFound: There is none of this id.
    """
    stored = await asyncio.to_thread(services().dead_letters.get, dead_letter_id)
    if stored is None:
        raise DeadLetterNotFound
    return stored


async def latest_replay(client: DurableClient, dead_letter: DeadLetter) -> InstanceStatus | None:
    """Return the instance of the latest replay; None when there was none."""
    return await instance_status(client, replay_id(dead_letter)) if dead_letter.replays else None


async def replay(client: DurableClient, dead_letter_id: str) -> DeadLetter:
    """Start a replay, and return the record with its number.

    Raises:
        DeadLetterNotFound: There is none of this id.
        Conflict: The record is closed, is being resolved or replayed, or holds nothing to replay.
    """
    dead_letter = await _claim_replay(client, await find_dead_letter(dead_letter_id))
    await _start(client, dead_letter)
    return dead_letter


def begin(beginning: BeginReplay) -> StepResult:
    """Record that a replay begins, first in its dead letter, then in its order. Refused: overtaken, started_again."""
    if not services().dead_letters.begin_replay(beginning):
        return StepResult.refused("overtaken", "another replay or a resolution was faster")
    stored = services().dead_letters.get(beginning.dead_letter_id)
    known = None if stored is None else stored.dead_letter
    if known is None or known.key is None or known.run_end is None or known.workflow != PROCESS_ORDER:
        return StepResult()
    if services().order_repository.begin_compensation(known.key, known.run_end):
        return StepResult()
    return StepResult.refused("started_again", "the order was started again, and goes on")


async def resolve(client: DurableClient, dead_letter_id: str, resolution: Resolution) -> DeadLetter:
    """Close a record that an operator has settled by hand. A repeat gets the same answer.

    Raises:
        DeadLetterNotFound: There is none of this id.
        Conflict: The record is closed otherwise, is being resolved or replayed, or its order has not ended.
    """
    stored = await find_dead_letter(dead_letter_id)
    if stored.dead_letter.resolution != resolution:
        await _check_open(client, stored.dead_letter)
        await _update(stored, stored.dead_letter.claim_resolution(resolution))
    try:
        await _resolve(client, stored.dead_letter, resolution)
    except EndNotKnown:
        await _give_up_resolution(await find_dead_letter(dead_letter_id), resolution)
        detail = "The order repository has not recorded the order's end yet; try again in a few minutes."
        raise Conflict("end_not_known", detail) from None
    closed = (await find_dead_letter(dead_letter_id)).dead_letter
    if closed.resolution != resolution:
        raise ChangedMeanwhile
    return closed


def replay_id(dead_letter: DeadLetter) -> str:
    """Return the instance id of a record's latest replay."""
    return dead_letter_instance_id(dead_letter.dead_letter_id, dead_letter.replays)


async def _check_open(client: DurableClient, dead_letter: DeadLetter) -> None:
    if dead_letter.state is not DeadLetterState.OPEN:
        raise Conflict("closed", f"The dead letter is closed: {dead_letter.state}.")
    if dead_letter.resolution is not None:
        path = f"/api/dead-letters/{dead_letter.dead_letter_id}"
        detail = (
            f"It is being resolved. If that has stopped, POST {path}/resolve with the resolution that GET {path} shows."
        )
        raise Conflict("resolution_under_way", detail)
    if dead_letter.awaits_replay(datetime.now(UTC)) or is_unfinished(await latest_replay(client, dead_letter)):
        raise ReplayRunning


def _resolve_advice(dead_letter: DeadLetter) -> str:
    path = f"/api/dead-letters/{dead_letter.dead_letter_id}/resolve"
    return f"The record holds nothing that could be done again: settle it by hand, then POST {path}."


async def _claim_replay(client: DurableClient, stored: StoredDeadLetter) -> DeadLetter:
    """Return the record with the number of a replay that is this caller's alone."""
    dead_letter = stored.dead_letter
    await _check_open(client, dead_letter)
    if not dead_letter.commands:
        raise Conflict("nothing_to_replay", _resolve_advice(dead_letter))
    now = datetime.now(UTC)
    if may_count_twice(dead_letter, now):
        detail = "Too old: stocks may have forgotten what was counted. Correct them by hand, and resolve this."
        raise Conflict("too_late_to_replay", detail)
    claimed = dead_letter.claim_replay(now)
    await _update(stored, claimed)
    return claimed


async def _update(stored: StoredDeadLetter, changed: DeadLetter) -> None:
    """Store a change of what was read: of two callers who read the same, one comes through."""
    try:
        await asyncio.to_thread(services().dead_letters.update, changed, stored.etag)
    except DeadLetterChanged:
        raise ChangedMeanwhile from None


async def _start(client: DurableClient, dead_letter: DeadLetter) -> None:
    """Start the replay. The recovery timer looks after it as after every run."""
    instance_id = replay_id(dead_letter)
    run = Run(
        workflow=REPLAY_DEAD_LETTER,
        key=dead_letter.dead_letter_id,
        request=dead_letter.to_wire(),
        accepted_at=datetime.now(UTC),
        instance_id=instance_id,
    )
    await asyncio.to_thread(services().run_repository.accept, run, instance_id)
    try:
        await client.start_new(REPLAY_DEAD_LETTER, instance_id, dead_letter.to_wire())
    except Exception:
        # The client has one type of error for everything.
        if is_unfinished(await instance_status(client, instance_id)):
            raise ReplayRunning from None
        raise


async def _resolve(client: DurableClient, dead_letter: DeadLetter, resolution: Resolution) -> None:
    """Store it in the ledger of the order, which may end it, and close the record last: until then it can be repeated.

    Raises:
        EndNotKnown: The order repository does not know yet what is open.
    """
    now = datetime.now(UTC)
    if dead_letter.step == START_ORDER:
        rejection = CancellationRequest(requested_by=resolution.resolved_by, reason=resolution.reason[:300])
        await reject_late(client, start_of(dead_letter).order_id, rejection)
    message = f"resolved by {resolution.resolved_by}: {resolution.reason}"[:500]
    entry = LedgerEntry(step=dead_letter.step, kind="compensation", outcome=Outcome.DONE, at=now, message=message)
    closing_of_run = dead_letter.closing(entry)
    if closing_of_run is not None:
        await _close_run(closing_of_run)
    closing = CloseDeadLetter(
        dead_letter_id=dead_letter.dead_letter_id, state=DeadLetterState.RESOLVED, at=now, resolution=resolution
    )
    emit_dead_letter(await asyncio.to_thread(services().dead_letters.close, closing))


async def _give_up_resolution(stored: StoredDeadLetter, resolution: Resolution) -> None:
    """Leave the record to other operators and to replays again."""
    if stored.dead_letter.state is DeadLetterState.OPEN and stored.dead_letter.resolution == resolution:
        await _update(stored, stored.dead_letter.claim_resolution(None))


async def _close_run(closing: CloseRun) -> None:
    after = await asyncio.to_thread(records_of(closing.workflow).close, closing)
    if after is not None:
        emit_status(after.changed)
        await asyncio.to_thread(announce_end, closing, after)
