"""What is ready to be worked on, in memory: the store knows the work, this knows whose turn it is."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable


class ReadyQueue:
    """Ids with something to do, first come first served. An id is in one pair of hands at a time."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, None] = OrderedDict()
        self._taken: set[str] = set()
        self._again: set[str] = set()

    def add(self, ids: Iterable[str]) -> None:
        """Make these ready; one that is being worked on becomes ready again when it is released."""
        for each in ids:
            if each in self._taken:
                self._again.add(each)
            else:
                self._waiting[each] = None

    def take(self) -> str | None:
        """Return the next id, to be released later; None when nothing waits."""
        if not self._waiting:
            return None
        taken, _ = self._waiting.popitem(last=False)
        self._taken.add(taken)
        return taken

    def release(self, taken: str) -> None:
        """Take an id back; it is ready again if something came meanwhile."""
        self._taken.discard(taken)
        if taken in self._again:
            self._again.discard(taken)
            self._waiting[taken] = None

    def __bool__(self) -> bool:
        """Return whether an id waits to be taken."""
        return bool(self._waiting)
