"""What could not be done automatically, kept for an operator: visible, replayable, and closed with a name and a reason."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final, Self

from pydantic import Field

from domain.errors import ShopError
from domain.ids import WorkflowKey, dead_letter_id, instance_id_of
from domain.wire import VISIBLE_TEXT, Edge, OneLine, Timestamp, Wire
from domain.workflows.commands import Command, Step
from domain.workflows.course import RunEnd
from domain.workflows.run import CloseRun
from domain.workflows.steps import LedgerEntry, Message, StepResult

DeadLetterId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]


REPLAY_DEAD_LETTER: Final = "replay_dead_letter"
"""The workflow that runs a dead letter's commands again."""


# Starting takes milliseconds. A replay that begins later than this asks the record, and ends when that was resolved meanwhile.
REPLAY_START_TIMEOUT: Final = timedelta(minutes=1)


class DeadLetterState(StrEnum):
    """open: dead-lettered. replayed: the step got done later. resolved: an operator closed it otherwise.

    withdrawn: its order was started again instead. Should that be given up too, the record is opened anew.
    """

    OPEN = "open"
    REPLAYED = "replayed"
    RESOLVED = "resolved"
    WITHDRAWN = "withdrawn"


class Resolution(Edge):
    """Who closed a dead letter by hand, and why."""

    resolved_by: OneLine
    reason: Annotated[str, Field(min_length=1, max_length=500), VISIBLE_TEXT]


class DeadLetter(Wire):
    """One step that is still open.

    Attributes:
        workflow: Of the run that the step belongs to. None for a message that could not be read.
        key: Of that run: an order's id, where the workflow is the order's.
        commands: What has to be done again.
        run_end: How the run ends, once nothing of it is open any more. None for a step on which no end depends.
        replays: How often an operator tried.
        replay_claimed_at: When the latest replay was asked for.
        replay_begun: The latest replay that came to run; one less than `replays` until it does.
        resolution: Set before the record is closed by it: then an operator is resolving it.
    """

    dead_letter_id: DeadLetterId
    workflow: str | None = None
    key: WorkflowKey | None = None
    step: str
    commands: tuple[Command, ...]
    run_end: RunEnd | None = None
    reason_code: str | None = None
    message: Message | None = None
    dead_lettered_at: Timestamp
    state: DeadLetterState = DeadLetterState.OPEN
    replays: int = 0
    replay_claimed_at: Timestamp | None = None
    replay_begun: int = 0
    closed_at: Timestamp | None = None
    resolution: Resolution | None = None

    @classmethod
    def of(
        cls,
        workflow: str,
        key: str,
        step: Step,
        result: StepResult,
        at: datetime,
        *,
        run_end: RunEnd | None = None,
    ) -> Self:
        """Return the record of a step that is not done. Another record of the same step has the same id.

        Args:
            workflow: The run's workflow.
            key: The run's key.
            step: The step with its commands.
            result: Why the step is not done.
            at: The time of dead-lettering.
            run_end: See above.
        """
        return cls(
            dead_letter_id=dead_letter_id(instance_id_of(workflow, key), step.name),
            workflow=workflow,
            key=key,
            step=step.name,
            commands=step.commands,
            run_end=run_end,
            reason_code=result.reason_code,
            message=result.message,
            dead_lettered_at=at,
        )

    @property
    def is_open(self) -> bool:
        """Whether an operator still has to deal with it."""
        return self.state is DeadLetterState.OPEN

    def opened_anew(self, withdrawn: Self) -> Self | None:
        """Return the record in place of one that was withdrawn; None when that one still holds. Replays count on."""
        closed_at = withdrawn.closed_at
        if withdrawn.state is not DeadLetterState.WITHDRAWN or closed_at is None or self.dead_lettered_at <= closed_at:
            return None
        return self.model_copy(update={"replays": withdrawn.replays, "replay_begun": withdrawn.replay_begun})

    def claim_replay(self, at: datetime) -> Self:
        """Return the record with one more replay, which has yet to begin."""
        return self.model_copy(update={"replays": self.replays + 1, "replay_claimed_at": at})

    def begin_replay(self, attempt: int) -> Self | None:
        """Return the record with this replay begun; None when it must not: another or a resolution was faster."""
        if self.state is not DeadLetterState.OPEN or self.resolution is not None or self.replays != attempt:
            return None
        return self.model_copy(update={"replay_begun": attempt})

    def claim_resolution(self, resolution: Resolution | None) -> Self:
        """Return the record as one that an operator is resolving; None: as one that no operator is."""
        return self.model_copy(update={"resolution": resolution})

    def closing(self, entry: LedgerEntry) -> CloseRun | None:
        """Return what records in the run that the step is done; None for a step on which no end depends."""
        if self.workflow is None or self.key is None or self.run_end is None:
            return None
        return CloseRun(workflow=self.workflow, key=self.key, end=self.run_end, entry=entry)

    def awaits_replay(self, now: datetime) -> bool:
        """Return whether a replay was asked for that has yet to begin. One that did not within a minute never has to."""
        claimed_at = self.replay_claimed_at
        is_awaited = self.replay_begun < self.replays
        return is_awaited and claimed_at is not None and now < claimed_at + REPLAY_START_TIMEOUT


@dataclass(frozen=True)
class StoredDeadLetter:
    """A record as it was read. etag: what a change of it must be based on."""

    dead_letter: DeadLetter
    etag: str


class DeadLetterChanged(ShopError):
    """The dead letter was changed meanwhile: read it again."""

    def __init__(self, dead_letter_id: str) -> None:
        super().__init__(f"dead letter {dead_letter_id} was changed meanwhile")


class DeadLetterEnvelope(Wire):
    """What goes on the queue: enough to look the record up, nothing that must be kept private."""

    dead_letter_id: DeadLetterId
    workflow: str | None = None
    key: WorkflowKey | None = None
    step: str
    reason_code: str | None = None
    dead_lettered_at: Timestamp


class CloseDeadLetter(Wire):
    """Close a record: its step is done, or an operator dealt with it."""

    dead_letter_id: DeadLetterId
    state: DeadLetterState
    at: Timestamp
    resolution: Resolution | None = None


class BeginReplay(Wire):
    """What a replay asks before it does anything. attempt: its number."""

    dead_letter_id: DeadLetterId
    attempt: int


class ReplayProgress(Wire):
    """How the replay of a dead letter goes.

    Attributes:
        result: None while it runs.
    """

    dead_letter_id: DeadLetterId
    result: StepResult | None = None
    steps: tuple[LedgerEntry, ...] = ()
