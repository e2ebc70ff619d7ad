"""Compare the payments at every provider with the orders, from where the last run ended.

A run reads what was made or paid back since, and looks again at the payments that were open or differed then. The other way round,
it reads the orders that were completed since: each must have a payment. So its price grows with what happened in between and with
what is open, never with the orders that have ended before. A run that has no more time leaves the rest to the next one.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from domain.payments.providers import PROVIDERS
from domain.payments.reconciliation_runs import PaymentRun, ProviderRun
from domain.refusals import NotFound
from domain.workflows.dead_letter import Resolution
from services.container import services
from services.durable.client import DurableClient
from services.payments.provider_comparison import ProviderComparison

_log = logging.getLogger(__name__)

# A little less than an hour: the timer of a new host may come early.
_NEW_READING_INTERVAL: Final = timedelta(minutes=58)

MAX_LAG: Final = timedelta(hours=6)
"""A reconciliation that is further behind is worth a warning; a peak of some hours is not."""


class DriftNotFound(NotFound):
    """No difference of this id is open."""

    def __init__(self) -> None:
        super().__init__("drift_not_found", "There is no open difference with this id.")


async def reconcile_payments(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> None:
    """Compare everything up to now, or as much as there is time for. Log one warning per difference, as JSON, for alerts to match.

    A difference for which a dead letter is open is in the list and not in the log: the dead letter raises its own alert.
    """
    runs = [await _compare(ProviderComparison(client, each, now), now, has_time, is_new=True) for each in PROVIDERS]
    await _record(PaymentRun(as_of=now, providers=tuple(run for run, _ in runs), drift=sum(found for _, found in runs)))


async def go_on_reconciling(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> None:
    """Compare everything once an hour; until then go on with what the last run had no time for."""
    last = await asyncio.to_thread(services().payment_reconciliation.last_run)
    if last is None or abs(now - last.reading_since) >= _NEW_READING_INTERVAL:  # a clock may have been ahead
        await reconcile_payments(client, now, has_time)
        return
    if not any(run.has_more for run in last.providers):
        return
    drift, runs = last.drift, list[ProviderRun]()
    for before in last.providers:
        run, found = before, 0
        if before.has_more:
            comparison = ProviderComparison(client, before.provider, now)
            run, found = await _compare(comparison, now, has_time, is_new=False)
        runs.append(run)
        drift += found
    await _record(PaymentRun(as_of=now, begun_at=last.reading_since, providers=tuple(runs), drift=drift))


async def _compare(
    comparison: ProviderComparison, now: datetime, has_time: Callable[[], bool], *, is_new: bool
) -> tuple[ProviderRun, int]:
    """Return what a run has read of one provider, and how many differences it has found."""
    run, drift = await comparison.run(has_time, is_new=is_new)
    for each in drift:
        if each.dead_letter_id is None:
            _log.warning("payment drift %s", each.model_dump_json())
    if run.problem is not None:
        _log.warning("payment reconciliation failed %s: %s", run.provider, run.problem)
    if run.has_more and run.read_until is not None and now - run.read_until > MAX_LAG:
        since = run.read_until.isoformat()
        _log.warning("payments of %s since %s are left to the next run of the timer", run.provider, since)
    return run, len(drift)


async def _record(run: PaymentRun) -> None:
    await asyncio.to_thread(services().payment_reconciliation.record_last_run, run)


async def resolve_drift(drift_id: str, resolution: Resolution) -> Resolution:
    """Close a difference that an operator has settled or intended. Return the resolution that holds, which is the first.

    Raises:
        DriftNotFound: None of this id is open, and none was resolved.
    """
    return await asyncio.to_thread(_resolve, drift_id, resolution)


def _resolve(drift_id: str, resolution: Resolution) -> Resolution:
    store = services().payment_reconciliation
    held = store.resolution(drift_id)
    if held is not None:
        return held
    drift = store.find_drift(drift_id)
    if drift is not None:
        return store.resolve(drift, resolution)
    held = store.resolution(drift_id)  # another operator's, stored since
    if held is None:
        raise DriftNotFound
    return held
