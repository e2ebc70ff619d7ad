"""Entities that have operations, and the batches that are handed out of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

from local_host.engine.entity import EntityWork, Operation
from local_host.engine.held_back import in_sight
from local_host.engine.ready import ReadyQueue

Read = Callable[[str, Any], list[sqlite3.Row]]


class EntityQueue:
    """One batch of an entity at a time. read: returns the rows of a named query, as of the last commit."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._ready = ReadyQueue()
        self._last_held = 0

    def hold_back(self, last: int) -> None:
        """Keep operations out of sight up to that number; 0 for none."""
        self._last_held = last

    def add(self, entity_ids: Iterable[str]) -> None:
        """Have entities wait that have operations."""
        self._ready.add(entity_ids)

    def take(self, max_operations: int) -> EntityWork | None:
        """Return the next entity with operations, and a batch of them; None when there is none."""
        while (entity_id := self._ready.take()) is not None:
            rows = self._read("operations_for", (entity_id, max_operations))
            operations = in_sight([Operation(**row) for row in rows], self._last_held)
            if operations:
                return self._work(entity_id, operations)
            self._ready.release(entity_id)
        return None

    def release(self, entity_id: str) -> None:
        """Take an entity back; it waits again if something came meanwhile."""
        self._ready.release(entity_id)

    def __bool__(self) -> bool:
        """Return whether an entity waits to be taken."""
        return bool(self._ready)

    def _work(self, entity_id: str, operations: list[Operation]) -> EntityWork:
        rows = self._read("entity_row", (entity_id,))
        exists, state = (bool(rows[0]["is_present"]), rows[0]["state"]) if rows else (False, None)
        return EntityWork(entity_id, exists, state, operations)
