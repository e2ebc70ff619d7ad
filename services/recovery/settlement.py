"""Settle a run that an operator does not want to go on: replay everything of it that is open, with one request.

What the recovery timer would do first is done at once: a run whose instance has failed, was terminated or is gone is given up.
Each replay is claimed by itself, as by `dead-letters/{id}/replay`: of two requests for one of them, one wins.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from pydantic import ValidationError

from domain.ids import PROCESS_ORDER, instance_id_of, order_instance_id
from domain.orders.late_start import START_ORDER, is_too_late
from domain.orders.order import ENDED, Order
from domain.orders.row import OrderRow
from domain.refusals import Conflict
from domain.workflows.dead_letter import DeadLetter
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import has_completed, instance_status, is_unfinished, stored_input
from services.orders.status import OrderNotFound, OrderView, find_order
from services.recovery import runs
from services.recovery.orders import OrderRecovery, leave_start_to_operator
from services.recovery.workflows import WorkflowRecovery
from services.workflows.dead_letters import ReplayRunning, latest_replay, replay
from services.workflows.runs import RunNotFound

_WHY: Final = "An operator settles it."


class SettlementStatus(StrEnum):
    """running: a replay is under way. open: a step is open, and none is being replayed. settled: nothing is open."""

    RUNNING = "running"
    OPEN = "open"
    SETTLED = "settled"


class UnderWay(Conflict):
    """The run is under way, or is about to be."""

    def __init__(self, workflow: str, key: str) -> None:
        advice = f" POST /api/orders/{key}/cancellation stops it." if workflow == PROCESS_ORDER else ""
        super().__init__("under_way", f"It is under way, so nothing of it is left to settle.{advice}")


class NotStarted(Conflict):
    """The order was never started, so an operator starts or rejects it."""

    def __init__(self, order_id: str) -> None:
        record = f"/api/dead-letters/{order_id}.{START_ORDER}"
        super().__init__(
            "not_started", f"The order was not started: POST {record}/replay starts it, {record}/resolve rejects it."
        )


class NothingOpen(Conflict):
    """Nothing of the run is open."""

    def __init__(self) -> None:
        super().__init__("nothing_open", "It has ended, and nothing of it is open.")


@dataclass(frozen=True, kw_only=True)
class OpenStep:
    """A dead letter of the run, with the instance of its latest replay."""

    dead_letter: DeadLetter
    replay: InstanceStatus | None

    @property
    def is_running(self) -> bool:
        """Whether a replay was asked for and has not ended."""
        is_claimed = self.dead_letter.is_open and self.dead_letter.awaits_replay(datetime.now(UTC))
        return is_claimed or is_unfinished(self.replay)


@dataclass(frozen=True, kw_only=True)
class Settlement:
    """How far the settlement of a run is. steps: its dead letters, the closed ones too."""

    workflow: str
    key: str
    steps: tuple[OpenStep, ...]

    @property
    def status(self) -> SettlementStatus:
        """The state of the whole."""
        if any(step.is_running for step in self.steps):
            return SettlementStatus.RUNNING
        is_open = any(step.dead_letter.is_open for step in self.steps)
        return SettlementStatus.OPEN if is_open else SettlementStatus.SETTLED


async def settle(client: DurableClient, workflow: str, key: str) -> Settlement:
    """Replay every open dead letter of a run. A repeat finds the replays under way, and starts those that have failed again.

    Raises:
        OrderNotFound, RunNotFound: There is no such run.
        Conflict: It is under way, was never started, or nothing of it is open.
    """
    now = datetime.now(UTC)
    await (_stop_order(client, key, now) if workflow == PROCESS_ORDER else _stop_run(client, workflow, key, now))
    is_settling = [await _is_replaying(client, each) for each in await _open_of(workflow, key)]
    if not is_settling:
        raise NothingOpen
    if not any(is_settling):
        raise Conflict("changed_meanwhile", "Another operator resolves what is open of it; see its dead letters.")
    return await settlement_of(client, workflow, key)


async def settlement_of(client: DurableClient, workflow: str, key: str) -> Settlement:
    """Return how far the settlement of a run is.

    Raises:
        OrderNotFound, RunNotFound: There is no such run.
    """
    found = await asyncio.to_thread(services().dead_letters.of_run, workflow, key)
    if not found:
        await _check_known(client, workflow, key)
    replays = await asyncio.gather(*(latest_replay(client, each) for each in found))
    steps = tuple(OpenStep(dead_letter=each, replay=latest) for each, latest in zip(found, replays, strict=True))
    return Settlement(workflow=workflow, key=key, steps=steps)


async def _open_of(workflow: str, key: str) -> Sequence[DeadLetter]:
    found = await asyncio.to_thread(services().dead_letters.open_of, workflow, key)
    return [each for each in found if each.step != START_ORDER]


async def _is_replaying(client: DurableClient, dead_letter: DeadLetter) -> bool:
    """Start the replay of a dead letter. Return whether one is under way: not when another operator resolves it."""
    try:
        await replay(client, dead_letter.dead_letter_id)
    except ReplayRunning:
        return True
    except Conflict:
        return False
    return True


async def _stop_order(client: DurableClient, order_id: str, now: datetime) -> None:
    """Give up an order whose instance has stopped before the order's end.

    Raises:
        OrderNotFound: There is no such order.
        Conflict: It is under way, or was never started.
    """
    view = await find_order(client, order_id)
    if not view.is_known:
        raise OrderNotFound
    if is_unfinished(view.instance):
        raise UnderWay(PROCESS_ORDER, order_id)
    row = view.row or await _accepted_late(client, order_id)
    if row is None or row.order is None or row.status in ENDED:
        return
    recovery = OrderRecovery()
    if has_completed(view.instance):
        await recovery.finish(row, view.instance, now)
    elif _was_never_started(view, now):
        await leave_start_to_operator(row, now)
        raise NotStarted(order_id)
    elif view.instance is None and row.order.placed_at > now - runs.ORPHANED_AFTER:
        raise UnderWay(PROCESS_ORDER, order_id)
    else:
        await recovery.stop(client, row, view.instance, _WHY, now)


async def _accepted_late(client: DurableClient, order_id: str) -> OrderRow | None:
    """Insert the row of an order that was started past the repository, from its instance's input, so that it can be settled."""
    given = await stored_input(client, order_instance_id(order_id))
    if given is None:
        return None
    try:
        order = Order.model_validate(given)
    except ValidationError:  # started through the management API with something else
        return None
    await asyncio.to_thread(services().order_repository.accept, order, fingerprint="")
    return await asyncio.to_thread(services().order_repository.get, order_id)


def _was_never_started(view: OrderView, now: datetime) -> bool:
    row = view.row
    return row is not None and view.instance is None and row.cancellation is None and is_too_late(row.placed_at, now)


async def _stop_run(client: DurableClient, workflow: str, key: str, now: datetime) -> None:
    """Give up the run of another workflow whose instance has stopped before the run's end.

    Raises:
        RunNotFound: There is no such run.
        Conflict: It is under way.
    """
    instance_id = instance_id_of(workflow, key)
    instance = await instance_status(client, instance_id)
    if is_unfinished(instance):
        raise UnderWay(workflow, key)
    run = await asyncio.to_thread(services().run_repository.intake.open_run, instance_id)
    recovery = WorkflowRecovery()
    if run is None:
        await _check_known(client, workflow, key)
    elif not await recovery.finish(run, instance, now):
        if instance is None and not run.has_started:
            raise UnderWay(workflow, key)
        await recovery.stop(client, run, instance, _WHY, now)


async def _check_known(client: DurableClient, workflow: str, key: str) -> None:
    if workflow == PROCESS_ORDER:
        if not (await find_order(client, key)).is_known:
            raise OrderNotFound
        return
    instance_id = instance_id_of(workflow, key)
    instance = await instance_status(client, instance_id)
    end = await asyncio.to_thread(services().run_repository.end, instance_id)
    if (
        instance is None
        and end is None
        and not await asyncio.to_thread(services().run_repository.intake.open_run, instance_id)
    ):
        raise RunNotFound(workflow)
