"""What queries return: instances and entities as they are stored, and the filters and pages of their lists."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from sqlite3 import Row
from typing import Any

from local_host.engine.entity import entity_name
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import parse_time


@dataclass(frozen=True, kw_only=True)
class InstanceStatus:
    """One instance (or entity) as it is stored; times are UTC.

    input, output, custom_status: text or None. It is JSON text, except that a failure's or a terminate's output is plain
    text: what does not parse as JSON is to be shown as a string.

    parent_instance_id, version: of an orchestration; None for an entity.
    history: events as the SDK reads them (EventType numbers and so on), only when asked for.
    """

    instance_id: str
    name: str
    runtime_status: RuntimeStatus
    input: str | None
    output: str | None
    custom_status: str | None
    created_at: datetime
    last_updated_at: datetime
    parent_instance_id: str | None = None
    version: str | None = None
    history: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class InstanceFilter:
    """Which instances to list; both times inclusive; an empty `statuses` means any."""

    id_prefix: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    statuses: Sequence[RuntimeStatus] = field(default_factory=tuple)


@dataclass(frozen=True, kw_only=True)
class InstanceSearch:
    """Which instances to find; None means any.

    Attributes:
        text: A part of the id, in any case.
        name: The orchestrator's.
        after: The last instance of the page before: when it was created, as it is stored, and its id.
    """

    text: str | None = None
    name: str | None = None
    status: RuntimeStatus | None = None
    after: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class InstancePage:
    """A page in order of instance id. continuation: pass it to get the next page; None on the last one."""

    items: Sequence[InstanceStatus]
    continuation: str | None


@dataclass(frozen=True, kw_only=True)
class EntityStatus:
    """An entity that exists. state: JSON text or None."""

    name: str
    key: str
    state: str | None
    last_operation_at: datetime


@dataclass(frozen=True, kw_only=True)
class EntityFilter:
    """Which existing entities to list; both times inclusive."""

    name: str | None = None
    last_operation_from: datetime | None = None
    last_operation_to: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class EntityPage:
    """A page in order of name and key."""

    items: Sequence[EntityStatus]
    continuation: str | None


ANY_INSTANCE = InstanceFilter()
ANY_ENTITY = EntityFilter()


def instance_status(row: Row, history: Sequence[Mapping[str, Any]] | None = None) -> InstanceStatus:
    """Make the status of an instance from its row."""
    return InstanceStatus(
        instance_id=row["instance_id"],
        name=row["name"],
        runtime_status=RuntimeStatus(row["status"]),
        input=row["input"],
        output=row["output"],
        custom_status=row["custom_status"],
        created_at=parse_time(row["created_at"]),
        last_updated_at=parse_time(row["updated_at"]),
        parent_instance_id=_parent_id(row["parent"]),
        version=row["version"],
        history=history,
    )


def _parent_id(parent: str | None) -> str | None:
    return json.loads(parent)["OrchestrationInstance"]["InstanceId"] if parent else None


def listed(row: Row) -> InstanceStatus:
    """Make the status of an instance or of an entity's scheduler from its row."""
    return instance_status(row) if row["is_present"] is None else entity_as_instance(row)


def entity_as_instance(row: Row) -> InstanceStatus:
    """Return an entity the way it shows among instances: its input is the state of its scheduler."""
    key = row["entity_id"]
    exists = bool(row["is_present"])
    scheduler = {"exists": exists, "state": row["state"], "queue": [], "sorter": {}}
    return InstanceStatus(
        instance_id=key,
        name=key,
        runtime_status=RuntimeStatus.RUNNING,
        input=json.dumps(scheduler, ensure_ascii=False),
        output=None,
        custom_status=json.dumps({"entityExists": exists}),
        created_at=parse_time(row["created_at"]),
        last_updated_at=parse_time(row["updated_at"]),
    )


def entity_status(row: Row) -> EntityStatus:
    """Make the status of an entity from its row."""
    identity = row["entity_id"]
    name = entity_name(identity)
    return EntityStatus(
        name=name,
        key=identity[len(name) + 2 :],
        state=row["state"],
        last_operation_at=parse_time(row["updated_at"]),
    )
