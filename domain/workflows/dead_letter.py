"""What could not be done automatically, kept for a human: visible, replayable, and closed with a name and a reason."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from domain.errors import ShopError
from domain.ids import OrderId
from domain.orders.order import OrderStatus
from domain.wire import VISIBLE_TEXT, Edge, OneLine, Timestamp, Wire
from domain.workflows.commands import Effect
from domain.workflows.steps import LedgerEntry, Message, StepResult

DeadLetterId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]


class DeadLetterState(StrEnum):
    """dead-lettered: open. replayed: the step got done later. resolved: a human closed it otherwise."""

    OPEN = "open"
    REPLAYED = "replayed"
    RESOLVED = "resolved"


class Resolution(Edge):
    """Who closed a dead letter by hand, and why."""

    resolved_by: OneLine
    reason: Annotated[str, Field(min_length=1, max_length=500), VISIBLE_TEXT]


class DeadLetter(Wire):
    """One step that is still open. effects: what has to be done again. replays: how often an operator tried.

    order_end: the status its order gets once nothing of it is open any more.
    """

    dead_letter_id: DeadLetterId
    order_id: OrderId
    step: str
    effects: tuple[Effect, ...]
    order_end: OrderStatus | None = None
    reason_code: str | None = None
    message: Message | None = None
    dead_lettered_at: Timestamp
    state: DeadLetterState = DeadLetterState.OPEN
    replays: int = 0
    closed_at: Timestamp | None = None
    resolution: Resolution | None = None


@dataclass(frozen=True)
class StoredDeadLetter:
    """A record as it was read. etag: what a change of it must be based on."""

    letter: DeadLetter
    etag: str


class DeadLetterChanged(ShopError):
    """The dead letter was changed meanwhile: read it again."""

    def __init__(self, dead_letter_id: str) -> None:
        super().__init__(f"dead letter {dead_letter_id} was changed meanwhile")


class DeadLetterEnvelope(Wire):
    """What goes on the queue: enough to look the record up, nothing that must be kept private."""

    dead_letter_id: DeadLetterId
    order_id: OrderId
    step: str
    reason_code: str | None = None
    dead_lettered_at: Timestamp


class CloseDeadLetter(Wire):
    """Close a record: its step is done, or a human dealt with it."""

    dead_letter_id: DeadLetterId
    state: DeadLetterState
    at: Timestamp
    resolution: Resolution | None = None


class ReplayProgress(Wire):
    """How an operator's second try goes. result: None while it runs."""

    dead_letter_id: DeadLetterId
    result: StepResult | None = None
    steps: tuple[LedgerEntry, ...] = ()
