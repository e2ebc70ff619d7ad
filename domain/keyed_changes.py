"""Changes that callers ask of an entity, each under an idempotency key.

A key counts once. What was asked under it is remembered as a fingerprint, and what became of it as the answer: so a repeat
changes nothing, the same key for another change is refused, and the caller can look up how a change ended that was only
accepted. Keys are remembered by time (`KEY_RETENTION`), never pushed out by newer ones: an entity that remembers as many
as it may (`KeyedChange.max_remembered`) refuses further changes until the oldest is out of that time. So its state stays bounded.
A program that repeats a change of its own says since when (`KeyedChange.repeated_since`): once a change of that time is forgotten,
this one may be, and is refused.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from typing import Annotated, Any, ClassVar, Final, NotRequired, TypedDict

from pydantic import Field

from domain.ids import digest_id
from domain.wire import VISIBLE_LINE, Timestamp, Wire, is_absent
from domain.workflows.steps import Message, Outcome, StepResult

# A caller's own retries may wait for a person who is back after the weekend.
KEY_RETENTION: Final = timedelta(days=7)
MAX_CHANGES: Final = 2_000
MAX_NOTES: Final = 50
"""How many of the newest changes are remembered with their notes: a note may be long."""
MAX_NOTES_BYTES: Final = 12_000
"""What these notes take at most: fifty of 200 plain letters. Other letters take six bytes each in JSON, emojis twelve."""
MAX_LATE_REFUSALS: Final = 50
"""How many refusals are remembered beside as many changes as may be."""

KEY_REUSED: Final = "key_reused"
TOO_MANY_CHANGES: Final = "too_many_changes"
CHANGE_FORGOTTEN: Final = "change_forgotten"
"""Reason code of a change that comes so late that it is not known whether it was made before."""

# Clocks of two instances of the app differ, and a change may overtake the one accepted before it.
_CLOCK_TOLERANCE: Final = timedelta(minutes=5)
_DIGEST_CHARS: Final = 20  # letters of 4 bits each

ChangeKey = Annotated[str, Field(min_length=1, max_length=100), VISIBLE_LINE]
"""Names one change, such as a delivery or an addition to a cart: the same key counts once."""

ChangeId = Annotated[str, Field(pattern=r"^[a-p]{20}-[a-p]{20}-[0-9]{10}$")]
"""Names one accepted change, and what was asked by it. It does not contain the key."""


class KeyedChange(Wire):
    """A change under a key, accepted at `requested_at`; `operation` is its entity operation.

    Attributes:
        max_remembered: How many changes an entity with such ones remembers.
        repeated_since: When it was asked for first, if it may have been made since.
    """

    operation: ClassVar[str]
    max_remembered: ClassVar[int] = MAX_CHANGES

    key: ChangeKey
    requested_at: Timestamp
    repeated_since: Annotated[Timestamp | None, Field(exclude_if=is_absent)] = None

    @property
    def note(self) -> Mapping[str, int | str]:
        """What people are shown of the change later; nothing by default."""
        return {}

    @property
    def fingerprint(self) -> str:
        """Equal for equal changes, whenever and under whatever key they are asked for."""
        asked = self.model_dump(mode="json", exclude={"key", "requested_at", "repeated_since"}, exclude_defaults=True)
        return _digest(json.dumps([self.operation, asked], sort_keys=True))

    @property
    def change_id(self) -> str:
        """Where the change can be looked up. A repeat has an id of its own, which leads to the same answer."""
        return f"{_digest(self.key)}-{self.fingerprint}-{int(self.requested_at.timestamp())}"


class ChangeState(StrEnum):
    """The state of an accepted change: the entity has not decided yet, has made it, or has changed nothing."""

    PENDING = "pending"
    DONE = "done"
    REFUSED = "refused"


class ChangeStatus(Wire):
    """The state of an accepted change, and why it was refused."""

    state: ChangeState
    accepted_at: Timestamp
    reason_code: str | None = None
    message: Message | None = None


class _Entry(TypedDict):
    """A remembered change.

    Attributes:
        of: The fingerprint.
        at: ISO 8601 in UTC, to the second, so that texts compare as times do.
        refused: Reason code and message; absent when done.
        note: What people are shown of it; absent where there is nothing, and in older changes.
    """

    of: str
    at: str
    refused: NotRequired[list[str]]
    note: NotRequired[Mapping[str, int | str]]


@dataclass(frozen=True)
class ChangeLog:
    """The changes of one entity, by the digest of their key, oldest first.

    Attributes:
        entries: Those that are remembered.
        forgotten_until: When the newest was asked for that was forgotten by time; None while none was.
    """

    entries: Mapping[str, _Entry] = field(default_factory=dict)
    forgotten_until: str | None = None

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values for the entity's storage: of the entries. The entity stores `forgotten_until` beside them."""
        return dict(self.entries)

    def answered(self, change: KeyedChange) -> StepResult | None:
        """Return how a change under this key ended before; None when the key is new.

        Refused: key_reused, when another change was asked for under it; too_many_changes; change_forgotten.
        """
        entry, since = self.entries.get(_digest(change.key)), change.repeated_since
        if entry is not None and not _is_forgotten(entry, since or change.requested_at):
            return _answer(entry, change.fingerprint)
        if since is not None and _second(since - _CLOCK_TOLERANCE) <= (self.forgotten_until or ""):
            return StepResult.refused(CHANGE_FORGOTTEN, "it is repeated so late that it may have been made before")
        if len(self._remembered(change.requested_at)) >= change.max_remembered:
            detail = f"{change.max_remembered} changes within {KEY_RETENTION.days} days are as many as are remembered"
            return StepResult.refused(TOO_MANY_CHANGES, detail)
        return None

    def record(self, change: KeyedChange, result: StepResult) -> "ChangeLog":
        """Remember how a change ended, unless its key is taken, and forget what is past its retention."""
        kept, digest = self._remembered(change.requested_at), _digest(change.key)
        if digest in kept:
            return self
        forgotten_until = self._mark(kept)
        entry = _Entry(of=change.fingerprint, at=_second(change.requested_at))
        if result.outcome is not Outcome.DONE:
            entry["refused"] = [result.reason_code or "refused", result.message or ""]
            _drop_refusals(kept, change.max_remembered)
        if change.note:
            entry["note"] = dict(change.note)
        return ChangeLog(_with_last_notes({**kept, digest: entry}), forgotten_until)

    def forget(self, now: datetime) -> "ChangeLog":
        """Forget what is past its retention."""
        kept = self._remembered(now)
        return self if len(kept) == len(self.entries) else ChangeLog(kept, self._mark(kept))

    def status(self, change_id: str, now: datetime) -> ChangeStatus | None:
        """Return the state of an accepted change; None for an id that no change within the retention has."""
        digest, fingerprint, second = change_id.split("-")
        accepted_at = datetime.fromtimestamp(int(second), UTC)
        entry = self.entries.get(digest)
        if entry is not None and not _is_forgotten(entry, now):
            answer = _answer(entry, fingerprint)
            state = ChangeState.DONE if answer.outcome is Outcome.DONE else ChangeState.REFUSED
            return ChangeStatus(
                state=state, accepted_at=accepted_at, reason_code=answer.reason_code, message=answer.message
            )
        is_recent = now - KEY_RETENTION < accepted_at <= now + _CLOCK_TOLERANCE
        return ChangeStatus(state=ChangeState.PENDING, accepted_at=accepted_at) if is_recent else None

    def _remembered(self, now: datetime) -> dict[str, _Entry]:
        oldest = _second(now - KEY_RETENTION)
        return {key: entry for key, entry in self.entries.items() if entry["at"] > oldest}

    def _mark(self, kept: Collection[str]) -> str | None:
        """Return `forgotten_until` once no others but these are remembered."""
        known = [entry["at"] for key, entry in self.entries.items() if key not in kept]
        return max([*known, *filter(None, [self.forgotten_until])], default=None)


def _answer(entry: _Entry, fingerprint: str) -> StepResult:
    if entry["of"] != fingerprint:
        return StepResult.refused(KEY_REUSED, "another change was asked for under this key")
    refused = entry.get("refused")
    return StepResult() if refused is None else StepResult.refused(*refused)


def _with_last_notes(entries: dict[str, _Entry]) -> dict[str, _Entry]:
    """Return the changes, of which only the newest have their notes."""
    noted = [key for key, entry in entries.items() if "note" in entry]
    sizes = accumulate(len(json.dumps(entries[key]["note"])) for key in reversed(noted))
    kept = min(MAX_NOTES, sum(size <= MAX_NOTES_BYTES for size in sizes))
    for key in noted[: len(noted) - kept]:
        entry = entries[key].copy()
        del entry["note"]
        entries[key] = entry
    return entries


def _drop_refusals(kept: dict[str, _Entry], limit: int) -> None:
    """Make room for one more refusal. Forgetting one lets its key be tried again, which never counts anything twice."""
    # The HTTP API refuses at the limit already, so only lines of bulk restocks and what was on its way then get here.
    if len(kept) >= limit + MAX_LATE_REFUSALS:
        # An entity of a release with a higher limit may remember more, and no refusal among it.
        oldest = next((key for key, entry in kept.items() if "refused" in entry), None)
        if oldest is not None:
            del kept[oldest]


def _is_forgotten(entry: _Entry, now: datetime) -> bool:
    return entry["at"] <= _second(now - KEY_RETENTION)


def _second(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


def _digest(text: str) -> str:
    return digest_id(text)[:_DIGEST_CHARS]
