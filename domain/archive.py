"""What is archived of an order or a run before it is purged."""

from typing import Any, Literal

from domain.wire import Wire

ArchivedKind = Literal["order", "run", "history", "approval", "dead_letter"]


class ArchivedLine(Wire):
    """One line of the archive: a record as it was stored.

    Attributes:
        kind: Of which store the record was.
        id: The record's id there. Kind and id are one line's in a blob.
    """

    kind: ArchivedKind
    id: str
    record: dict[str, Any]


def archived_order(order_id: str) -> str:
    """Return the name under which an order is archived."""
    return f"orders/{order_id}"


def archived_history(instance_id: str) -> str:
    """Return the name under which an instance's history is archived."""
    return f"histories/{instance_id}"


def archived_run(instance_id: str) -> str:
    """Return the name under which the run of another workflow is archived."""
    return f"runs/{instance_id}"
