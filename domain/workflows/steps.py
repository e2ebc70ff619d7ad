"""What a step of a saga answers, and how the ledger remembers it.

An activity *returns* done, refused or faulted, because the runtime keeps only the text of an exception. It *raises* when the
same request is worth sending again; a step whose retries are used up is `unknown`: it may have taken effect.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from domain.wire import Timestamp, Wire

Message = Annotated[str, Field(max_length=500)]


class Outcome(StrEnum):
    """How a step or a compensation ended."""

    DONE = "done"
    REFUSED = "refused"  # the business said no; nothing happened
    FAULTED = "faulted"  # failed for good, and nothing happened
    UNKNOWN = "unknown"  # no answer: it may have happened


class StepResult(Wire):
    """The answer of one activity or entity operation. reference: the provider's id of what was made, if any."""

    outcome: Outcome = Outcome.DONE
    reference: str | None = None
    reason_code: str | None = None
    message: Message | None = None

    @classmethod
    def refused(cls, reason_code: str, message: str, reference: str | None = None) -> "StepResult":
        """The business said no. reason_code: stable, for programs; message: for people."""
        return cls(outcome=Outcome.REFUSED, reason_code=reason_code, message=message[:500], reference=reference)

    @classmethod
    def faulted(cls, reason_code: str, message: str) -> "StepResult":
        """Nothing happened and asking again would not help: a wrong key, a request the provider calls malformed."""
        return cls(outcome=Outcome.FAULTED, reason_code=reason_code, message=message[:500])


class LedgerEntry(Wire):
    """One line of an order's audit trail. attempts: how often it was asked, from 1."""

    step: str
    kind: Literal["do", "compensation"] = "do"
    outcome: Outcome
    at: Timestamp
    reference: str | None = None
    reason_code: str | None = None
    message: Message | None = None
    attempts: int = 1
