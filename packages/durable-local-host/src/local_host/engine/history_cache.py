"""The histories of instances at work, kept in memory so that an episode need not read them again; bounded in size."""

from __future__ import annotations

from collections import OrderedDict

from local_host.engine.history import History

# Over all histories together.
_MAX_EVENTS = 20_000


class HistoryCache:
    """Histories by execution id, least recently used ones first to go."""

    def __init__(self) -> None:
        self._size = 0
        self._kept: OrderedDict[str, tuple[History, int]] = OrderedDict()

    def take(self, execution_id: str) -> History | None:
        """Take a history out; the caller that changes it puts it back when the change is stored."""
        found = self._kept.pop(execution_id, None)
        if found is None:
            return None
        self._size -= found[1]
        return found[0]

    def put(self, execution_id: str, history: History) -> None:
        """Keep a history; the one that was not used for longest goes."""
        size = len(history.events)
        self._kept[execution_id] = (history, size)
        self._size += size
        while self._size > _MAX_EVENTS:
            _, (_, evicted) = self._kept.popitem(last=False)
            self._size -= evicted
