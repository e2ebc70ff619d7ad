"""What a row of the order repository holds, and its form as a table entity."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adapters.azure_storage.long_text import joined_text, split_text
from adapters.azure_storage.table_values import long, plain
from adapters.stores.order_index import facts_of_order, facts_of_progress
from domain.orders.order import ENDED, TRANSITIONS, Order, OrderProgress, OrderStatus
from domain.orders.parcel import parcel_on_its_way
from domain.orders.row import OrderRow
from domain.personal.traces import Traces
from domain.shipping.tracking import Tracking
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import CANCELLED, Course
from domain.workflows.records import SettleCourse
from domain.workflows.steps import CANCELLATION, LedgerEntry, Outcome

_PURGED: Final = "The order has ended, and its details are past their retention."


def new_entity(order: Order) -> dict[str, Any]:
    """Return the properties of an order that was just accepted."""
    return {
        "status": str(OrderStatus.ACCEPTED),
        "updated_at": order.placed_at,
        "customer_id": order.customer_id,
        "placed_at": order.placed_at,
        "total_cents": long(order.total_cents),
        "currency": order.currency,
        "payment_provider": order.payment_provider,
        **facts_of_order(order),
        **split_text("order", order.model_dump_json()),
    }


def progress_entity(progress: OrderProgress) -> dict[str, Any]:
    """Return the properties that a saga's progress changes. With the order's completion its parcel is on its way."""
    now = datetime.now(UTC)
    return {
        "status": str(progress.status),
        "updated_at": now,
        "steps": len(progress.steps),
        **({"ended_at": now} if progress.status in ENDED else {}),
        **({} if parcel_on_its_way(progress) is None else {"parcel_reported_at": now}),
        **facts_of_progress(progress),
        **split_text("result", progress.model_dump_json()),
    }


def tracking_entity(tracking: Tracking, now: datetime) -> dict[str, Any]:
    """Return the properties that a report of the carrier changes."""
    return {
        "updated_at": datetime.now(UTC),
        "tracking": tracking.model_dump_json(),
        "parcel_has_arrived": tracking.is_final,
        "parcel_reported_at": now,
    }


def course_entity(request: SettleCourse, row: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the properties that a course changes. The status stays, unless the progress has a later one than the row."""
    progress = OrderProgress.model_validate(request.progress)
    is_later = row is not None and is_newer(progress, row)
    return {
        **({"status": str(progress.status)} if is_later else {}),
        "updated_at": datetime.now(UTC),
        "steps": len(progress.steps),
        **facts_of_progress(progress),
        **split_text("result", progress.model_dump_json()),
        **split_text("course", request.course.model_dump_json()),
    }


def cancellation_entity(request: CancellationRequest) -> dict[str, Any]:
    """Return the properties that an accepted cancellation changes."""
    return {"updated_at": datetime.now(UTC), "cancellation": request.model_dump_json()}


def withdrawal_entity(row: OrderRow, progress: OrderProgress) -> dict[str, Any]:
    """Return the properties that a withdrawn stop changes: the order has no course, and is under way."""
    return {**progress_entity(progress), **split_text("course", ""), "recoveries": row.recoveries + 1}


def pseudonymised_entity(entity: Mapping[str, Any], traces: Traces) -> dict[str, Any]:
    """Return a row without its customer: what the law wants of an order stays."""
    known = dict(entity)
    order = joined_text("order", entity)
    if order is not None:
        nameless = traces.without_customer(Order.model_validate_json(order))
        known |= {"customer_id": nameless.customer_id, **facts_of_order(nameless)}
        known |= split_text("order", nameless.model_dump_json())
    for name in ("result", "course"):
        text = joined_text(name, entity)
        if text:
            known |= split_text(name, json.dumps(traces.scrubbed(json.loads(text))))
    if entity.get("cancellation") is not None:
        known["cancellation"] = json.dumps(traces.scrubbed(json.loads(entity["cancellation"])))
    return _without_tails(known)


def _without_tails(entity: dict[str, Any]) -> dict[str, Any]:
    """Return a row without what is left of longer texts behind its shorter ones."""
    parts = {name.removesuffix("_parts"): int(value) for name, value in entity.items() if name.endswith("_parts")}
    return {
        name: value
        for name, value in entity.items()
        if not any(
            re.fullmatch(rf"{text}_(\d+)", name) and int(name.rpartition("_")[2]) >= count
            for text, count in parts.items()
        )
    }


def purged_entity(entity: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return all that is left of an order that is purged."""
    kept = ("PartitionKey", "RowKey", "fingerprint", "intake", "status", "updated_at")
    status = OrderStatus(entity["status"])
    succeeded = status is OrderStatus.COMPLETED
    end = OrderProgress(order_id=entity["RowKey"], status=status, succeeded=succeeded, message=_PURGED)
    known = {name: entity[name] for name in kept if name in entity}
    return {**known, "purged_at": now, **split_text("result", end.model_dump_json())}


def with_late_cancellation(progress: OrderProgress, entity: Mapping[str, Any] | None) -> OrderProgress:
    """Return the end of an order, with the answer to an accepted cancellation that came too late to be acted upon."""
    accepted = None if entity is None else entity.get("cancellation")
    is_answered = progress.reason_code == CANCELLED or any(step.step == CANCELLATION for step in progress.steps)
    if accepted is None or progress.status not in ENDED or is_answered:
        return progress
    asked = CancellationRequest.model_validate_json(accepted)
    late = LedgerEntry(
        step=CANCELLATION,
        outcome=Outcome.REFUSED,
        at=datetime.now(UTC),
        reason_code="too_late",
        message=f"Requested by {asked.requested_by}, when the order could not be cancelled any more.",
    )
    return progress.model_copy(update={"steps": (*progress.steps, late)})


def row_of(entity: Mapping[str, Any]) -> OrderRow:
    """Return the row that an entity is."""
    order, result = joined_text("order", entity), joined_text("result", entity)
    course, cancellation, tracking = joined_text("course", entity), entity.get("cancellation"), entity.get("tracking")
    return OrderRow(
        order_id=entity["RowKey"],
        status=OrderStatus(entity["status"]),
        updated_at=entity["updated_at"],
        fingerprint=entity.get("fingerprint"),
        customer_id=entity.get("customer_id"),
        placed_at=entity.get("placed_at"),
        total_cents=plain(entity.get("total_cents")),
        currency=entity.get("currency"),
        order=None if order is None else Order.model_validate_json(order),
        result=None if result is None else OrderProgress.model_validate_json(result),
        tracking=None if tracking is None else Tracking.model_validate_json(tracking),
        course=Course.model_validate_json(course) if course else None,
        cancellation=None if cancellation is None else CancellationRequest.model_validate_json(cancellation),
        is_compensated=bool(entity.get("is_compensated")),
        recoveries=int(entity.get("recoveries", 0)),
    )


def is_newer(progress: OrderProgress, entity: Mapping[str, Any]) -> bool:
    """Return whether the progress is beyond the entity: a later status, or the same with as long a ledger or a longer one."""
    known = OrderStatus(entity["status"])
    if entity.get("purged_at") is not None:
        return False
    if progress.status is known:
        return len(progress.steps) >= int(entity.get("steps", 0))
    return progress.status in _later_than(known)


def _later_than(status: OrderStatus) -> set[OrderStatus]:
    """Return every status that can be reached: not each one is recorded on the way."""
    later: set[OrderStatus] = set()
    ahead = set(TRANSITIONS[status])
    while ahead:
        later |= ahead
        ahead = {following for each in ahead for following in TRANSITIONS[each]} - later
    return later
