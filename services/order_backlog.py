"""Whether the shop is behind with its orders, measured once in a while for each process that is asked."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextvars import copy_context
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

from domain.errors import StorageUnavailable
from domain.orders.backlog import SAMPLE_SIZE, Backlog, backlog_of, late_orders
from services.recent_checks import CHECK_TIMEOUT_S
from services.telemetry import emit

if TYPE_CHECKING:
    from domain.repositories.orders import OrderRepository

MEASURE_INTERVAL_S: Final = 10
"""One list of orders so often: eight requests, however many orders come."""

REPORT_INTERVAL_S: Final = 60

PAUSE_RETENTION_S: Final = 60
"""A pause outlasts measurements that fail for so long: what makes the shop late may well make its storage slow."""

IntakeState = Literal["open", "paused", "unknown", "unlimited"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class IntakeView:
    """Whether new orders are accepted, and the backlog by which that was decided.

    Attributes:
        state: unknown: it could not be measured, and new orders are accepted. unlimited: it is not measured.
    """

    state: IntakeState
    backlog: Backlog


_OPEN: Final = IntakeView("open", Backlog())


class OrderBacklog:
    """Measures the backlog, and remembers the result for a while."""

    def __init__(
        self, orders: "OrderRepository", limit: timedelta, clock: Callable[[], float] = time.monotonic
    ) -> None:
        from concurrent.futures import ThreadPoolExecutor

        self._orders = orders
        self._limit = limit
        self._clock = clock
        self._measured_until = 0.0
        self._paused_until = 0.0
        self._reported_until = 0.0
        self._view = _OPEN
        # Where requests wait for one of the common threads, the measurement is needed most.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="backlog")

    async def view(self) -> IntakeView:
        """Return whether new orders are accepted. While one caller measures, the others get the last result."""
        if not self._limit:
            return IntakeView("unlimited", Backlog())
        if self._clock() >= self._measured_until:
            self._measured_until = self._clock() + MEASURE_INTERVAL_S
            before, self._view = self._view, await self._measure()
            self._report(before.state, self._view)
        return self._view

    async def _measure(self) -> IntakeView:
        try:
            read = partial(copy_context().run, self._read)
            reading = asyncio.get_running_loop().run_in_executor(self._thread, read)
            backlog = await asyncio.wait_for(reading, CHECK_TIMEOUT_S)
        except (StorageUnavailable, TimeoutError) as error:
            _log.warning("the backlog of orders could not be measured: %s", type(error).__name__)
            return self._unmeasured()
        except Exception:  # noqa: BLE001 - a row that cannot be read is no reason to refuse an order
            _log.exception("the backlog of orders could not be measured")
            return self._unmeasured()
        if not backlog.is_too_old:
            return IntakeView("open", backlog)
        self._paused_until = self._clock() + PAUSE_RETENTION_S
        return IntakeView("paused", backlog)

    def _unmeasured(self) -> IntakeView:
        is_pausing = self._view.state == "paused" and self._clock() < self._paused_until
        return self._view if is_pausing else IntakeView("unknown", Backlog())

    def _read(self) -> Backlog:
        now = datetime.now(UTC)
        wanted = late_orders(self._limit, now)
        return backlog_of(self._orders.list(wanted, limit=SAMPLE_SIZE).items, now)

    def _report(self, before: IntakeState, view: IntakeView) -> None:
        """Write a line when the intake pauses or opens again, and once a minute while it is paused."""
        has_changed = (before == "paused") != (view.state == "paused")
        is_due = view.state == "paused" and self._clock() >= self._reported_until
        if has_changed or is_due:
            self._reported_until = self._clock() + REPORT_INTERVAL_S
            emit("order.intake", state=view.state, limit_s=int(self._limit.total_seconds()), **view.backlog._asdict())
