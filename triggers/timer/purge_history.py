"""Archive and purge what ended longer ago than its retention; the platform itself keeps every history for ever.

What is not settled stays: an order that needs attention, an open dead letter, a payment that is open.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from services.durable.client import DurableClient
from services.personal.requests import go_on_with_all
from services.retention.histories import Histories
from services.retention.logs import purge_logs
from services.retention.orders import mend_index, purge_orders
from services.retention.runs import purge_runs
from services.timer_runs import timer_run

bp = df.Blueprint()

TIMEOUT_S: Final = 240
"""The host gives a function five minutes. What is left is done in the next run."""

Stage = Callable[[Callable[[], bool]], Awaitable[int | None]]
"""Purges one kind, for as long as there is time. Returns how many there were."""

_log = logging.getLogger(__name__)


@bp.timer_trigger(arg_name="timer", schedule="0 3-58/5 1-4 * * *")
@bp.durable_client_input(client_name="client")
async def purge_history(timer: func.TimerRequest, client: df.DurableOrchestrationClient) -> None:
    """Purge what is past its retention. Runs every five minutes for four hours a night: what one run leaves the next one does."""
    async with timer_run():
        await purge(client, datetime.now(UTC))


async def purge(client: DurableClient, now: datetime) -> None:
    """Purge what is past its retention as of a time. Each kind has its turn, whatever became of the others."""
    stages: dict[str, Stage] = {
        "orders": lambda has_time: purge_orders(client, now, has_time),
        "runs": lambda has_time: purge_runs(client, now, has_time),
        "further histories": lambda has_time: Histories(client, now, has_time).purge(),
        "records of the audit log": lambda has_time: purge_logs(now, has_time),
        "index": lambda has_time: mend_index(now, has_time),
    }
    purged, failures = await _in_turns(stages, time.monotonic() + TIMEOUT_S)
    try:
        await go_on_with_all(client, now)
    except Exception as error:  # noqa: BLE001 - raised at the end
        failures.append(error)
    if any(purged.values()):
        _log.info("archived and purged %s", ", ".join(f"{count} {kind}" for kind, count in purged.items() if count))
    for failure in failures:
        raise failure  # of others this run shows the first


async def _in_turns(stages: Mapping[str, Stage], end: float) -> tuple[dict[str, int], list[Exception]]:
    """Give each stage an equal share of the time that is left, and those that it was too short for a further one.

    Returns:
        How many of each kind were purged, and why stages failed, which have no further turn.
    """
    purged, failures = dict.fromkeys(stages, 0), list[Exception]()
    left = list(stages)
    while left and time.monotonic() < end:
        unfinished = []
        for number, kind in enumerate(left):
            share = _Share(end, len(left) - number)
            try:
                purged[kind] += await stages[kind](share.has_time) or 0
            except Exception as error:  # noqa: BLE001 - it concerns this kind alone
                failures.append(error)
            else:
                unfinished += [kind] if share.is_over else []
        left = unfinished
    return purged, failures


class _Share:
    """A part of the time until an end. is_over: whether a stage was stopped by the end of its part."""

    def __init__(self, end: float, parts: int) -> None:
        now = time.monotonic()
        self._end = now + (end - now) / parts
        self.is_over = False

    def has_time(self) -> bool:
        """Return whether a stage may go on."""
        self.is_over = time.monotonic() >= self._end
        return not self.is_over
