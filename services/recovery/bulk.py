"""Start again, or settle, many runs: all that have failed since a time, page by page, or those that an operator names.

First come the runs whose instance has failed and that wait for their next try, then those that were given up, by their open dead
letters. What is still running, or was terminated and is not given up yet, is passed over.
"""

import asyncio
import logging
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import azure.durable_functions as df

from domain.ids import PROCESS_ORDER
from domain.orders.late_start import START_ORDER
from domain.page import InvalidCursor, Page
from domain.refusals import NotFound, RequestRefused
from domain.workflows.dead_letter import DeadLetter, DeadLetterState
from domain.workflows.steps import RUN
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import instance_status
from services.recovery.settlement import NothingOpen, settle
from services.recovery.starting_again import Recovered, Wish, skipped, start_run_again

if TYPE_CHECKING:
    from domain.repositories.runs import RunIntake

Key = tuple[str, str]
"""A run: its workflow, and its key among those of the workflow."""


class Action(StrEnum):
    """start_again: let the runs go on. settle: replay everything of them that is open."""

    START_AGAIN = "start_again"
    SETTLE = "settle"


class _Source(StrEnum):
    """Where runs are found, in this order. waiting_orders, waiting_runs: those that wait for their next try."""

    WAITING_ORDERS = "waiting_orders"
    WAITING_RUNS = "waiting_runs"
    DEAD_LETTERS = "dead_letters"


_SEPARATOR: Final = ":"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which runs. workflow: None for every one. since is included, before is not."""

    workflow: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    def includes(self, workflow: str, failed_at: datetime) -> bool:
        """Return whether a run is one of them."""
        is_wanted = self.workflow in (None, workflow)
        return is_wanted and (self.since or failed_at) <= failed_at and not (self.before and failed_at >= self.before)


async def recover_runs(client: DurableClient, action: Action, runs: Collection[Key], wish: Wish) -> list[Recovered]:
    """Start these runs again, or settle them. Each stands for itself: the answer has one line for each."""
    by_name = {f"{workflow}{_SEPARATOR}{key}": (workflow, key) for workflow, key in runs}

    async def recover(name: str) -> Recovered:
        workflow, key = by_name[name]
        try:
            if action is Action.SETTLE:
                return await _settle(client, workflow, key)
            return await start_run_again(client, workflow, key, wish)
        except Exception:  # noqa: BLE001 - whatever it is, it concerns this one alone
            _log.exception("%s %s could not be recovered", workflow, key)
            return skipped(workflow, key, "unavailable")

    return await gather_bounded(recover, by_name)


async def failed_runs(
    client: DurableClient, action: Action, wanted: Selection, cursor: str | None, limit: int
) -> Page[Key]:
    """Return the runs of one page. It may be empty and have a next one.

    Raises:
        InvalidCursor: The cursor does not come from here.
    """
    sources = _sources(action, wanted)
    source, after = _position(cursor, sources)
    if source is _Source.DEAD_LETTERS:
        found = await asyncio.to_thread(
            services().dead_letters.list, state=DeadLetterState.OPEN, cursor=after or None, limit=limit
        )
        keys = dict.fromkeys(key for each in found.items for key in _wanted_run(each, action, wanted))
        return Page([*keys], found.cursor and f"{source}{_SEPARATOR}{found.cursor}")
    page = await _waiting(client, source, wanted, after, limit)
    if page.cursor is not None:
        return page
    return Page(page.items, f"{sources[sources.index(source) + 1]}{_SEPARATOR}")


def _sources(action: Action, wanted: Selection) -> Sequence[_Source]:
    """Return where the runs are found. One that waits for its next try is settled only when an operator names it."""
    if action is Action.SETTLE:
        return (_Source.DEAD_LETTERS,)
    if wanted.workflow is None:
        return tuple(_Source)
    is_order = wanted.workflow == PROCESS_ORDER
    return (_Source.WAITING_ORDERS if is_order else _Source.WAITING_RUNS, _Source.DEAD_LETTERS)


def _position(cursor: str | None, sources: Sequence[_Source]) -> tuple[_Source, str]:
    if cursor is None:
        return sources[0], ""
    name, separator, after = cursor.partition(_SEPARATOR)
    if not separator or name not in tuple(sources):
        raise InvalidCursor
    return _Source(name), after


async def _waiting(client: DurableClient, source: _Source, wanted: Selection, after: str, limit: int) -> Page[Key]:
    """Return runs whose instance has failed, of the next reminders behind a key."""
    intake = _intake(source)
    reminders = await asyncio.to_thread(intake.open_runs, datetime.now(UTC))
    following = sorted((each for each in reminders if each.key > after), key=lambda each: each.key)
    found = [intake.run_of(each) for each in following[:limit]]
    statuses = await gather_bounded(lambda key: instance_status(client, key), [run.instance_id for run in found])
    failed = [
        (run.workflow, run.key)
        for run, status in zip(found, statuses, strict=True)
        if status is not None
        and status.runtime_status is df.OrchestrationRuntimeStatus.Failed
        and wanted.includes(run.workflow, status.last_updated_time)
    ]
    is_last = len(following) <= limit
    return Page(failed, None if is_last else f"{source}{_SEPARATOR}{found[-1].instance_id}")


def _intake(source: _Source) -> "RunIntake":
    is_of_orders = source is _Source.WAITING_ORDERS
    return services().order_repository.intake if is_of_orders else services().run_repository.intake


def _wanted_run(dead_letter: DeadLetter, action: Action, wanted: Selection) -> Iterator[Key]:
    """Yield the run of a dead letter if it is one of those. A mail that was not delivered starts no run again."""
    decides_run = dead_letter.run_end is not None or dead_letter.step in (START_ORDER, RUN)
    if dead_letter.workflow is None or dead_letter.key is None or not (decides_run or action is Action.SETTLE):
        return
    if wanted.includes(dead_letter.workflow, dead_letter.dead_lettered_at):
        yield dead_letter.workflow, dead_letter.key


async def _settle(client: DurableClient, workflow: str, key: str) -> Recovered:
    try:
        await settle(client, workflow, key)
    except NotFound:
        return skipped(workflow, key, "not_found")
    except NothingOpen:
        return skipped(workflow, key, "nothing_open")
    except RequestRefused as refusal:
        return Recovered(workflow=workflow, key=key, reason=refusal.code, detail=refusal.detail)
    return Recovered(workflow=workflow, key=key)
