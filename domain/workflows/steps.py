"""The result of a step, and its entry in the ledger.

An activity *returns* done, refused or faulted, because the runtime keeps only the text of an exception. It *raises* when the
same request is worth sending again; a step whose retries are used up is `unknown`: it may have taken effect.
"""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field

from domain.wire import Timestamp, Wire, is_absent

Message = Annotated[str, Field(max_length=500)]

STEP_PATIENCE_S: Final = 600
"""How long a step is tried in a run that was accepted without the setting."""

MAX_FACT_CHARS: Final = 500

Fact = Annotated[str, Field(max_length=MAX_FACT_CHARS)]

CANCELLATION: Final = "cancellation"
"""The ledger's name for a cancellation and what came of it."""

TAKE_OVER: Final = "take_over"
"""The ledger's name for an instance that takes over from one that the platform has failed."""

RUN: Final = "run"
"""The step of a dead letter that stands for a whole run: its replay starts the run again."""

RESTART_RUN: Final = "restart_run"
"""The activity of that replay."""

SETTLED: Final = "What had been left open is settled."
"""The message of a run whose last open compensation is done."""


class Outcome(StrEnum):
    """How a step or a compensation ended."""

    DONE = "done"
    REFUSED = "refused"  # the business said no; nothing happened
    FAULTED = "faulted"  # failed for good, and nothing happened
    UNKNOWN = "unknown"  # no answer: it may have happened


class StepResult(Wire):
    """The answer of one activity or entity operation.

    Attributes:
        reference: The provider's id of what was made, if any.
        facts: More of what was made, for the ledger: a few short texts, nothing private.
        handed_on: What spares a later step of the run a request, and is not for the ledger: as `facts`.
    """

    outcome: Outcome = Outcome.DONE
    reference: str | None = None
    reason_code: str | None = None
    message: Message | None = None
    facts: Annotated[dict[str, Fact] | None, Field(exclude_if=is_absent)] = None
    handed_on: Annotated[dict[str, Fact] | None, Field(exclude_if=is_absent)] = None

    @classmethod
    def refused(cls, reason_code: str, message: str, reference: str | None = None) -> "StepResult":
        """Return a refusal: the business said no.

        Args:
            reason_code: Stable, for programs.
            message: For people.
            reference: The provider's id, if any.
        """
        return cls(outcome=Outcome.REFUSED, reason_code=reason_code, message=message[:500], reference=reference)

    @classmethod
    def faulted(cls, reason_code: str, message: str) -> "StepResult":
        """Return a fault: nothing happened and asking again would not help, as with a wrong key or a malformed request."""
        return cls(outcome=Outcome.FAULTED, reason_code=reason_code, message=message[:500])


class LedgerEntry(Wire):
    """One line of a run's audit trail.

    Attributes:
        attempts: How often it was tried, from 1.
        facts: More of what was made, such as the carrier of a label.
    """

    step: str
    kind: Literal["step", "compensation"] = "step"
    outcome: Outcome
    at: Timestamp
    reference: str | None = None
    reason_code: str | None = None
    message: Message | None = None
    attempts: int = 1
    facts: Annotated[dict[str, Fact] | None, Field(exclude_if=is_absent)] = None

    @classmethod
    def of(
        cls,
        step: str,
        result: StepResult,
        at: datetime,
        *,
        attempts: int = 1,
        kind: Literal["step", "compensation"] = "step",
    ) -> "LedgerEntry":
        """Return the line of a step that ended with this result."""
        return cls(
            step=step,
            kind=kind,
            outcome=result.outcome,
            at=at,
            reference=result.reference,
            reason_code=result.reason_code,
            message=result.message,
            attempts=attempts,
            facts=result.facts,
        )


class StepUnderWay(Wire):
    """A step that a run has begun and not ended.

    Attributes:
        name: As the ledger will have it.
        attempt: The one under way, or the last one that failed; from 1.
        last_error: Why the attempt before failed: one line without private data.
        next_attempt_at: When the next attempt begins; None while one is under way.
    """

    name: str
    attempt: int = 1
    last_error: Annotated[str | None, Field(max_length=200, exclude_if=is_absent)] = None
    next_attempt_at: Annotated[Timestamp | None, Field(exclude_if=is_absent)] = None


def open_compensations(ledger: Iterable[LedgerEntry]) -> frozenset[str]:
    """Return what was left to an operator and is not done since: compensations, or a step that had to follow the pivot."""
    last = {entry.step: entry.outcome for entry in ledger if entry.kind == "compensation"}
    return frozenset(step for step, outcome in last.items() if outcome is not Outcome.DONE)


def last_change(ledger: Iterable[LedgerEntry], *others: datetime | None) -> datetime | None:
    """Return the latest of the ledger's times and others; None when none is known."""
    return max((at for at in (*(entry.at for entry in ledger), *others) if at is not None), default=None)
