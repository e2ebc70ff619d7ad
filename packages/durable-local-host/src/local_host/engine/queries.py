"""The questions that the management API answers: one instance or entity, lists of them, and counts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from sqlite3 import Row

from local_host.engine.entity import entity_id
from local_host.engine.errors import EntityNotFound, InstanceNotFound
from local_host.engine.task_hub import TaskHub
from local_host.engine.timestamps import time_text
from local_host.engine.views import (
    ANY_ENTITY,
    ANY_INSTANCE,
    EntityFilter,
    EntityPage,
    EntityStatus,
    InstanceFilter,
    InstancePage,
    InstanceSearch,
    InstanceStatus,
    entity_as_instance,
    entity_status,
    instance_status,
    listed,
)

_FIRST_TIME = datetime(1, 1, 1, tzinfo=UTC)
_LAST_TIME = datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)
# Sorts after every character that an id may hold.
_LAST_CHARACTER = "\U0010ffff"


class Queries:
    """The queries of one task hub. They change nothing."""

    def __init__(self, hub: TaskHub) -> None:
        self._hub = hub

    async def status(self, instance_id: str, *, with_history: bool = False) -> InstanceStatus:
        """Return the status. Raises InstanceNotFound. An entity is found by its id `@name@key`."""
        if instance_id.startswith("@"):
            rows = self._hub.read("entity_row", (instance_id,))
            if rows:
                return entity_as_instance(rows[0])
        row = self._row(instance_id)
        history = self._hub.history_of(instance_id).events if with_history else None
        return instance_status(row, history)

    async def list_instances(
        self, where: InstanceFilter = ANY_INSTANCE, top: int = 100, continuation: str | None = None
    ) -> InstancePage:
        """Return a page of instances and entities in order of id."""
        prefix = where.id_prefix or ""
        rows = self._hub.read(
            "list_instances",
            {
                "after": continuation or "",
                "prefix": prefix,
                "prefix_end": prefix + _LAST_CHARACTER,
                "created_from": time_text(where.created_from or _FIRST_TIME),
                "created_to": time_text(where.created_to or _LAST_TIME),
                "statuses": json.dumps(where.statuses) if where.statuses else None,
                "top": top + 1,
            },
        )
        items = [listed(row) for row in rows[:top]]
        return InstancePage(items=items, continuation=items[-1].instance_id if len(rows) > top else None)

    async def latest_instances(self, top: int) -> list[InstanceStatus]:
        """Return the newest first; entities are left out."""
        return [instance_status(row) for row in self._hub.read("latest_instances", (top,))]

    async def find_instances(self, search: InstanceSearch, top: int) -> list[InstanceStatus]:
        """Return what a person looks for, the newest first; entities are left out."""
        before, before_id = search.after or (None, None)
        wanted = {"text": search.text, "name": search.name, "status": search.status}
        rows = self._hub.read("find_instances", {**wanted, "before": before, "before_id": before_id, "top": top})
        return [instance_status(row) for row in rows]

    async def children_of(self, instance_id: str, top: int) -> list[InstanceStatus]:
        """Return the sub-orchestrations of an instance, the oldest first."""
        return [instance_status(row) for row in self._hub.read("children_of", (instance_id, top))]

    async def instance_names(self) -> list[str]:
        """Return the name of every orchestrator that has an instance."""
        return [row[0] for row in self._hub.read("instance_names")]

    async def count_by_status(self) -> dict[str, int]:
        """Return how many instances there are of each status that occurs; entities are not counted."""
        return {row[0]: row[1] for row in self._hub.read("count_by_status")}

    def _row(self, instance_id: str) -> Row:
        rows = self._hub.read("instance_row", (instance_id,))
        if not rows:
            raise InstanceNotFound(instance_id)
        return rows[0]

    async def read_entity(self, name: str, key: str) -> EntityStatus:
        """Return the entity. Raises EntityNotFound."""
        rows = self._hub.read("entity_row", (entity_id(name, key),))
        if not rows or rows[0]["state"] is None:
            raise EntityNotFound(name, key)
        return entity_status(rows[0])

    async def list_entities(
        self, where: EntityFilter = ANY_ENTITY, top: int = 100, continuation: str | None = None
    ) -> EntityPage:
        """Return a page of existing entities in order of name and key."""
        prefix = entity_id(where.name, "") if where.name else "@"
        rows = self._hub.read(
            "list_entities",
            {
                "after": continuation or "",
                "prefix": prefix,
                "prefix_end": prefix + _LAST_CHARACTER,
                "updated_from": time_text(where.last_operation_from or _FIRST_TIME),
                "updated_to": time_text(where.last_operation_to or _LAST_TIME),
                "top": top + 1,
            },
        )
        more = rows[top - 1]["entity_id"] if len(rows) > top else None
        return EntityPage(items=[entity_status(row) for row in rows[:top]], continuation=more)
