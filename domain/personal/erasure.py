"""The erasure of one customer's data: what is asked for, how far it is, and what stays."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from domain.wire import Edge, EmailAddress, OneLine, Timestamp, Wire

KEPT: Final = (
    "orders without their customer: what was sold, for how much, and when (accounts must be kept)",
    "expense payments under a pseudonym (accounts must be kept)",
    "invoices, whose numbers hold the customer's id (they must not be changed)",
    "the fingerprint of each order (so that it is never processed twice)",
    "the audit log, whose records are never changed: of the customer it has the id, in the paths of requests about them",
    "telemetry, which names orders and no people, until its retention ends",
    "payments at the payment provider and shipments at the carrier, which are erased there",
)


MAX_EMAILS: Final = 20


class ErasureStatus(StrEnum):
    """running: a run is at it. waiting: something is not settled; the timer tries again every night. erased: done."""

    RUNNING = "running"
    WAITING = "waiting"
    ERASED = "erased"


class PersonalDataRequest(Edge):
    """Whose data it is, besides the customer's id.

    Attributes:
        emails: Addresses that no order of the customer has: of a registration, say.
        requested_by: The operator.
    """

    requested_by: OneLine
    emails: Annotated[tuple[EmailAddress, ...], Field(max_length=MAX_EMAILS)] = ()


class Open(Wire):
    """What must be settled before. kind: `order`, `queue`, or the workflow of a run. why: see `Unsettled`."""

    kind: str
    id: str
    why: str


class Erasure(Wire):
    """The erasure of one customer's data.

    Attributes:
        customer_id: None once it is done: then nothing knows whose data it was.
        emails: None once it is done.
        run_id: The run that is at it, or was last; None for one that an earlier release began.
        pseudonym: What stands for the customer from now on: chosen by chance, so that no id leads to it.
        open: What it waits for.
        erased: How many records of each kind were erased, pseudonymised or rewritten.
    """

    status: ErasureStatus
    requested_by: str
    requested_at: Timestamp
    pseudonym: str
    run_id: str | None = None
    customer_id: str | None = None
    emails: tuple[str, ...] | None = None
    finished_at: Timestamp | None = None
    open: tuple[Open, ...] = ()
    erased: dict[str, int] = Field(default_factory=dict)
    kept: tuple[str, ...] = KEPT
