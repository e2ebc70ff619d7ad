"""Taking a request in once, and what remains to be looked after."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Reminder:
    """An open run. key: of the row. tries: how often its run was started again; tried_at: when last. row: as the store keeps it."""

    key: str
    tries: int
    tried_at: datetime | None
    row: Any


class Intake(StrEnum):
    """new: the caller's to start. repeated: the same request came before. conflict: another request has this key."""

    NEW = "new"
    REPEATED = "repeated"
    CONFLICT = "conflict"
