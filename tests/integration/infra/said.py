"""Lines as the app's own code writes them: the emitters are called, and what they log is read back."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from domain.orders.order import OrderProgress, OrderStatus
from domain.payments.reconciliation import NEXT_ACTION, PaymentDrift, PaymentDriftKind
from domain.shipping.labels import LabelDrift, LabelDriftKind
from domain.shipping.parcels import SilentParcel
from domain.shipping.tracking import ParcelStatus, Tracking
from services.telemetry import emit, emit_accepted, emit_place, emit_silent, emit_status
from tests.integration.infra.recorded_rows import Line

LOGGERS: Final = ("shop", "services", "triggers", "orchestrators", "activities", "entities", "adapters")


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def kept_records() -> Iterator[list[logging.LogRecord]]:
    """Keep what the app logs meanwhile."""
    kept = _Kept()
    loggers = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(kept)
        logger.setLevel(logging.INFO)
    try:
        yield kept.records
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(kept)
            logger.setLevel(level)


def said(age: timedelta, write: Callable[..., object], *args: Any, **facts: Any) -> list[Line]:
    """Return the lines that a call of an emitter writes, as if it had been so long ago."""
    with kept_records() as records:
        write(*args, **facts)
    return [line_of(record, age) for record in records]


def line_of(record: logging.LogRecord, age: timedelta) -> Line:
    """Return a record as a line of the app."""
    return Line(record.getMessage(), age, record.levelname.title())


def order(order_id: str, statuses: Mapping[OrderStatus, timedelta]) -> list[Line]:
    """Return the lines of an order. statuses: how long ago it came into each."""
    lines: list[Line] = []
    for status, age in statuses.items():
        if status is OrderStatus.ACCEPTED:
            lines += said(age, emit_accepted, order_id)
        else:
            lines += said(age, emit_status, OrderProgress(order_id=order_id, status=status, message=""))
    return lines


def silent(order_id: str, silent_for: timedelta, age: timedelta = timedelta()) -> list[Line]:
    """Return the lines of a poll that has brought nothing of a parcel. silent_for: since its order was placed."""
    now = datetime.now(UTC)
    since = now - silent_for
    parcel = SilentParcel(order_id=order_id, code="EZ1000000001", known=None, ordered_at=since, silent_since=since)
    return said(age, emit_silent, parcel, now)


def parcel_end(order_id: str, status: ParcelStatus, age: timedelta = timedelta()) -> list[Line]:
    """Return the line of a parcel's end."""
    tracking = Tracking(code="EZ1000000001", status=status, seen_at=datetime.now(UTC))
    return said(age, emit_place, order_id, tracking)


def step(name: str, outcome: str = "done", age: timedelta = timedelta(), order_id: str = "a-1") -> list[Line]:
    """Return the line of one run of an activity."""
    return said(age, emit, "order.step", order_id=order_id, step=name, ms=120, outcome=outcome)


def payment_drift(kind: PaymentDriftKind, drift_id: str = "a" * 40) -> str:
    """Return the text that the hourly comparison logs for a difference."""
    drift = PaymentDrift(
        drift_id=drift_id,
        kind=kind,
        provider="stripe",
        payment_id=f"pi_{drift_id[0]}",
        order_id="a-1",
        order_status="failed",
        currency="usd",
        amount_cents=2_000,
        held_cents=0,
        captured_cents=2_000,
        refunded_cents=0,
        expected_cents=0,
        expected_currency="usd",
        next_action=NEXT_ACTION[kind],
    )
    return f"payment drift {drift.model_dump_json()}"


def label_drift() -> str:
    """Return the text that the comparison logs for a label that it leaves to an operator."""
    drift = LabelDrift(kind=LabelDriftKind.SENT_WITHOUT_ORDER, shipment_id="shp_1", order_id="a-1")
    return f"label drift {drift.model_dump_json()}"
