"""Accepting a request once, and what remains to be looked after."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """A run that is not known to have ended.

    Attributes:
        key: The run's instance id.
        tries: How often the run was started again.
        tried_at: When it last was.
        quiet_since: When the run's instance had last gone on, as it was noticed to stand still.
        noticed_at: When that was noticed first.
        row: As the store keeps it.
    """

    key: str
    tries: int
    tried_at: datetime | None
    row: Any
    quiet_since: datetime | None = None
    noticed_at: datetime | None = None


class Intake(StrEnum):
    """new: the caller's to start. repeated: the same request came before. conflict: another request has this key."""

    NEW = "new"
    REPEATED = "repeated"
    CONFLICT = "conflict"
