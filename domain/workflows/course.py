"""Which way a run goes: decided once, and then the same for every instance that takes the run over."""

from collections.abc import Iterable
from typing import Final, Literal

from domain.wire import Wire
from domain.workflows.commands import Compensation
from domain.workflows.steps import LedgerEntry, Message, Outcome, StepResult

RunEnd = Literal["completed", "rejected", "cancelled", "failed"]
"""completed: done. rejected: a refusal. cancelled: a request. failed: a fault."""


class RunStopped(Exception):
    """The run goes no further: what it has done is compensated, and it ends in `end`."""

    def __init__(self, end: RunEnd, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.end: RunEnd = end
        self.reason_code = reason_code
        self.message = message[:500]


class Course(Wire):
    """To completion, or to another end by compensations. It is recorded before what follows from it.

    Attributes:
        end: How the run ends, once no compensation is open any more.
        compensations: In the order of their steps.
    """

    end: RunEnd
    reason_code: str | None = None
    message: Message | None = None
    compensations: tuple[Compensation, ...] = ()

    @property
    def completes(self) -> bool:
        """Whether the run is past its point of no return."""
        return self.end == "completed"

    @classmethod
    def of_stop(cls, stop: RunStopped, compensations: Iterable[Compensation] = ()) -> "Course":
        """Return the course of a run that stops."""
        return cls(end=stop.end, reason_code=stop.reason_code, message=stop.message, compensations=tuple(compensations))

    def left_open(self, ledger: Iterable[LedgerEntry]) -> tuple[Compensation, ...]:
        """Return the compensations that the ledger does not show as done, the newest first."""
        done = {entry.step for entry in ledger if entry.kind == "compensation" and entry.outcome is Outcome.DONE}
        return tuple(each for each in reversed(self.compensations) if each.name not in done)


_ENDS: dict[Outcome, RunEnd] = {Outcome.REFUSED: "rejected", Outcome.FAULTED: "failed", Outcome.UNKNOWN: "failed"}
PROCESSING_STOPPED: Final = "processing_stopped"
"""The reason code of a run that no instance will end any more."""

CANCELLED = "cancelled"
"""The reason code of a run that ends because its cancellation was accepted."""


def stop_of(step: str, result: StepResult) -> RunStopped:
    """Return why a run stops at a step that is not done."""
    if result.reason_code == CANCELLED:
        return RunStopped("cancelled", CANCELLED, result.message or "Cancelled.")
    messages = {
        Outcome.REFUSED: result.message or result.reason_code,
        Outcome.FAULTED: f"{step} failed for good: {result.message or result.reason_code}",
        Outcome.UNKNOWN: f"{step} got no answer.",
    }
    return RunStopped(_ENDS[result.outcome], result.reason_code or result.outcome, str(messages[result.outcome]))
