"""Activities that wait to be called, in the order in which orchestrations asked for them."""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Callable
from typing import Any

from local_host.engine.steps import Activity

# How many activities to read ahead of those who call them.
_READ_AHEAD_COUNT = 64

Read = Callable[[str, Any], list[sqlite3.Row]]


class ActivityQueue:
    """Reads each stored activity once. read: returns the rows of a named query, as of the last commit."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._waiting: deque[Activity] = deque()
        self._last_read = 0
        self._has_unread = True
        self._held_back: set[int] = set()
        self._held: list[Activity] = []

    def hold_back(self, count: int) -> None:
        """Keep the first out of sight, so many. Call it before anything is taken."""
        self._held_back = {row["seq"] for row in self._read("activities_after", (0, count))}

    def show(self) -> None:
        """Bring into sight what was held back."""
        self._held_back.clear()
        self._waiting.extend(self._held)
        self._held.clear()

    def note_stored(self, count: int) -> None:
        """Note that so many more are stored."""
        self._has_unread |= count > 0

    def take(self) -> Activity | None:
        """Return the activity that waits longest; None when there is none."""
        if not self._waiting and self._has_unread:
            self._read_ahead()
        return self._waiting.popleft() if self._waiting else None

    def put_back(self, activity: Activity) -> None:
        """Have an activity wait again."""
        self._waiting.append(activity)

    def __bool__(self) -> bool:
        """Return whether there may be one to take."""
        return bool(self._waiting) or self._has_unread

    def _read_ahead(self) -> None:
        rows = self._read("activities_after", (self._last_read, _READ_AHEAD_COUNT))
        for row in rows:
            activity = Activity(**row)
            (self._held if activity.seq in self._held_back else self._waiting).append(activity)
        self._has_unread = len(rows) == _READ_AHEAD_COUNT
        if rows:
            self._last_read = rows[-1]["seq"]
