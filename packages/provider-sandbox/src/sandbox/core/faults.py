"""Fault rules: which call of which operation shall go wrong, and how. Deciding is pure; counting is in the ledger.

A rule counts every call it matches, from 1; the first rule (in order of their making) whose turn it is decides the
call. Random rules draw by seed, operation, order and the how-manieth such call it is, so that a run can be repeated
whatever else happens at the same time.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, PositiveInt, model_validator

from sandbox.core.exchange import Call, Refusal


class Kind(StrEnum):
    """What goes wrong.

    refuse: the provider says no, with code and decline_code. status: it answers 429, 500 or 503 without acting. html: a
    proxy answers 502 with an HTML page, without acting. delay: it acts late, after delay_s or as soon as rules are
    removed. drop_before: the connection closes before it acts. drop_after: it acts, then the connection closes without
    an answer. fail_after: it acts, then answers 500. lag: a search finds nothing, as Stripe's index may for up to a
    minute after a payment was made.
    """

    REFUSE = "refuse"
    STATUS = "status"
    HTML = "html"
    DELAY = "delay"
    DROP_BEFORE = "drop_before"
    DROP_AFTER = "drop_after"
    FAIL_AFTER = "fail_after"
    LAG = "lag"


class FaultRule(BaseModel):
    """One rule as it is ordered over HTTP.

    face, operation, order_id: which calls it matches; each one left out matches all. calls, next, probability: when it
    is its turn among them; at most one, none means always. seed belongs to probability, status to kind status,
    delay_s (seconds) to kind delay, code, decline_code and message to kind refuse.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    face: Literal["stripe", "easypost"] | None = None
    operation: str | None = None
    order_id: str | None = None
    calls: tuple[PositiveInt, ...] | None = None
    next: PositiveInt | None = None
    probability: float | None = Field(default=None, ge=0, le=1)
    seed: int = 0
    kind: Kind
    status: Literal[429, 500, 503] | None = None
    delay_s: float | None = Field(default=None, gt=0, le=600)
    code: str | None = None
    decline_code: str | None = None
    message: str | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if sum(turn is not None for turn in (self.calls, self.next, self.probability)) > 1:
            raise ValueError("give at most one of calls, next and probability")
        if (self.kind is Kind.STATUS) != (self.status is not None):
            raise ValueError("status belongs to kind status, and is required there")
        if (self.kind is Kind.DELAY) != (self.delay_s is not None):
            raise ValueError("delay_s belongs to kind delay, and is required there")
        if self.kind is Kind.LAG and self.operation != "payment_intents.search":
            raise ValueError("kind lag belongs to operation payment_intents.search")
        if self.kind is not Kind.REFUSE and (self.code or self.decline_code or self.message):
            raise ValueError("code, decline_code and message belong to kind refuse")
        return self

    @property
    def refusal(self) -> Refusal | None:
        """What the provider shall refuse with, for kind refuse."""
        if self.kind is not Kind.REFUSE:
            return None
        return Refusal(code=self.code, decline_code=self.decline_code, message=self.message)


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A rule in force. seen: how many calls it matched, per operation and order (`_stream`)."""

    id: int
    rule: FaultRule
    seen: dict[str, int]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """fired: the rule whose turn it is, if any. counted: every rule that matched, with its new count."""

    fired: FaultRule | None
    counted: tuple[Placed, ...]


def decide(placed: Iterable[Placed], call: Call) -> Decision:
    """Return what shall happen to this call."""
    fired: FaultRule | None = None
    counted: list[Placed] = []
    for one in placed:
        if not _matches(one.rule, call):
            continue
        stream = _stream(call)
        seen = one.seen | {stream: one.seen.get(stream, 0) + 1}
        counted.append(Placed(id=one.id, rule=one.rule, seen=seen))
        if fired is None and _its_turn(one.rule, stream, seen):
            fired = one.rule
    return Decision(fired=fired, counted=tuple(counted))


def _matches(rule: FaultRule, call: Call) -> bool:
    return (
        rule.face in (None, call.face)
        and rule.operation in (None, call.operation)
        and rule.order_id in (None, call.order_id)
    )


def _its_turn(rule: FaultRule, stream: str, seen: dict[str, int]) -> bool:
    if rule.probability is not None:
        draw = random.Random(f"{rule.seed}|{stream}|{seen[stream]}")  # noqa: S311 - repeatable, not secret
        return draw.random() < rule.probability
    number = sum(seen.values())
    if rule.calls is not None:
        return number in rule.calls
    return rule.next is None or number <= rule.next


def _stream(call: Call) -> str:
    return f"{call.face}|{call.operation}|{call.order_id or ''}"
