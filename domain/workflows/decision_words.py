"""Read a decision from what a person or a program wrote: a word, a yes or no, or an object that holds one.

Only what is plain counts. An object that says both, a number, a list or an unknown word is no decision, and neither is anything
that holds what looks like a card number.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from domain.cards import holds_card_number, json_may_hold_card_number
from domain.text import shown_line

Decision = Literal["approved", "rejected"]

MAX_PAYLOAD_CHARS: Final = 16_000
_MAX_SHOWN_CHARS: Final = 60
# Client libraries encode a payload twice, raw HTTP once, and a history's text once more.
_MAX_ENCODINGS: Final = 3
# An object within an object: `{"data": {"approved": true}}`.
_MAX_LEVELS: Final = 3

_APPROVED: Final = frozenset(
    {
        "approve",
        "approved",
        "accept",
        "accepted",
        "allow",
        "allowed",
        "confirm",
        "confirmed",
        "yes",
        "y",
        "true",
        "ok",
        "okay",
    }
)
_REJECTED: Final = frozenset(
    {
        "reject",
        "rejected",
        "deny",
        "denied",
        "decline",
        "declined",
        "refuse",
        "refused",
        "disapprove",
        "disapproved",
        "no",
        "n",
        "false",
    }
)
# Names of fields, without case, blanks, - and _.
_FOR: Final = frozenset({"approved", "approve", "isapproved", "accepted", "accept"})
_AGAINST: Final = frozenset({"rejected", "reject", "isrejected", "denied", "deny", "declined", "decline"})
_EITHER: Final = frozenset({"decision", "approval", "approvaldecision", "verdict"})
# Names that other facts have, too: they count where they hold a decision.
_MAYBE: Final = frozenset({"answer", "response", "result", "outcome", "status", "action", "value", "data", "payload"})
_APPROVER: Final = ("approver", "approvedby", "rejectedby", "decidedby", "by", "user")
_COMMENT: Final = ("comment", "comments", "reason", "note")


@dataclass(frozen=True, kw_only=True)
class SaidDecision:
    """A decision as it was said; approver and comment where they were stated."""

    decision: Decision
    approver: str | None = None
    comment: str | None = None


def said_decision(payload: Any) -> SaidDecision | None:
    """Return the decision that a payload states, however it is encoded; None for anything else."""
    return _of_value(decoded(payload), _MAX_LEVELS)


def decoded(payload: Any) -> Any:
    """Return the value of a payload that may be JSON text, encoded more than once.

    Returns None for a payload that looks like a card number, and for a long one.
    """
    value = payload
    for _ in range(_MAX_ENCODINGS):
        if not isinstance(value, str):
            break
        if len(value) > MAX_PAYLOAD_CHARS:
            return None
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            break
    return None if holds_card_number(value) else value


def shown_payload(payload: Any) -> str:
    """Return a payload as it may be shown and logged: short, on one line, and without what looks like a card number."""
    try:
        text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "(unreadable)"
    if len(text) > MAX_PAYLOAD_CHARS:
        return f"({len(text)} characters)"
    if json_may_hold_card_number(text) or holds_card_number(payload):
        return "(may hold a card number)"
    return shown_line(text, _MAX_SHOWN_CHARS) or "(empty)"


def _of_value(value: Any, levels: int) -> SaidDecision | None:
    if isinstance(value, str) and levels < _MAX_LEVELS:
        value = decoded(value)
    word = _of_word(value)
    if word is not None:
        return SaidDecision(decision=word)
    if isinstance(value, Mapping) and levels > 0:
        return _of_fields(value, levels)
    return None


def _of_word(value: Any) -> Decision | None:
    if isinstance(value, bool):
        return "approved" if value else "rejected"
    if not isinstance(value, str):
        return None
    word = value.strip().strip("'\".!").strip().casefold()
    if word in _APPROVED:
        return "approved"
    return "rejected" if word in _REJECTED else None


def _of_fields(fields: Mapping[Any, Any], levels: int) -> SaidDecision | None:
    """Return the one decision that the fields state together. None: they state none, contradict each other, or one is unclear."""
    stated = [(_plain_name(name), value) for name, value in fields.items() if value is not None]
    said = [*_said_by(stated, levels)]
    decisions = {None if each is None else each.decision for each in said}
    if len(decisions) != 1 or said[0] is None:
        return None
    return SaidDecision(
        decision=said[0].decision,
        approver=_first_text(stated, _APPROVER) or said[0].approver,
        comment=_first_text(stated, _COMMENT) or said[0].comment,
    )


def _said_by(stated: Sequence[tuple[str, Any]], levels: int) -> Iterator[SaidDecision | None]:
    """Yield what each field that may state a decision says; None for one that is unclear."""
    for name, value in stated:
        if name in _FOR:
            yield _of_value(value, 0)
        elif name in _AGAINST:
            against = _of_value(value, 0)
            if against is None:
                yield None
            elif against.decision == "approved":
                yield SaidDecision(decision="rejected")
            # That it is not rejected does not say that it is approved.
        elif name in _EITHER:
            yield _of_value(value, levels - 1)
        elif name in _MAYBE and (said := _of_value(value, levels - 1)) is not None:
            yield said


def _plain_name(name: Any) -> str:
    return "".join(character for character in str(name).casefold() if character not in " _-")


def _first_text(stated: Sequence[tuple[str, Any]], names: tuple[str, ...]) -> str | None:
    texts = {name: value for name, value in stated if isinstance(value, str)}
    return next((texts[name] for name in names if name in texts), None)
