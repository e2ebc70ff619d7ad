"""What the management API does, without HTTP: start, query, signal, stop and clean up instances and entities.

Inputs, event data and results are JSON text throughout. An operation that changes something returns only after it is
stored; it takes effect a moment later. Refusals are the `OperationRefused` types of `errors`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from local_host.clock import Clock
from local_host.config import DurableConfig
from local_host.executor import Executor
from local_host.status import RuntimeStatus
from local_host.task_hub import TaskHub


@dataclass(frozen=True, kw_only=True)
class InstanceStatus:
    """One instance (or entity) as it is stored; times are UTC.

    input, output, custom_status: text or None. It is JSON text, except that a failure's or a terminate's output is plain
    text: what does not parse as JSON is to be shown as a string.

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
    history: Sequence[Mapping[str, Any]] | None = None


@dataclass(frozen=True, kw_only=True)
class InstanceFilter:
    """Which instances to list; both times inclusive; an empty `statuses` means any."""

    id_prefix: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    statuses: Sequence[RuntimeStatus] = field(default_factory=tuple)


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


class Operations:
    """The operations of one task hub."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock, config: DurableConfig) -> None: ...

    async def start(
        self, name: str, input_text: str | None = None, instance_id: str | None = None, version: str | None = None
    ) -> str:
        """Store a new instance and return its id (32 hex digits unless given).

        Raises UnknownFunction, InvalidInstanceId, InstanceExists (that id is live).
        """

    async def status(self, instance_id: str, *, with_history: bool = False) -> InstanceStatus:
        """Raises InstanceNotFound. Entities are found by their id `@name@key`."""

    async def wait_ended(self, instance_id: str) -> InstanceStatus:
        """Return once the instance is Completed, Failed, Terminated or Canceled. Raises InstanceNotFound."""

    async def list_instances(
        self, where: InstanceFilter = InstanceFilter(), top: int = 100, continuation: str | None = None
    ) -> InstancePage:
        """Instances and entities in order of id."""

    async def purge(self, instance_id: str) -> int:
        """Forget an ended instance (or an entity); returns 1. Raises InstanceNotFound, InstanceLive."""

    async def purge_by(
        self, created_from: datetime, created_to: datetime | None = None, statuses: Sequence[RuntimeStatus] = ()
    ) -> int:
        """Forget all ended instances created in that time (of these statuses); returns how many."""

    async def raise_event(self, instance_id: str, name: str, data_text: str | None) -> None:
        """Raises InstanceNotFound, InstanceEnded."""

    async def terminate(self, instance_id: str, reason: str | None = None) -> None:
        """Raises InstanceNotFound, InstanceEnded."""

    async def suspend(self, instance_id: str, reason: str | None = None) -> None:
        """Raises InstanceNotFound, InstanceEnded, AlreadySuspended."""

    async def resume(self, instance_id: str, reason: str | None = None) -> None:
        """Raises InstanceNotFound, InstanceEnded, NotSuspended."""

    async def rewind(self, instance_id: str, reason: str | None = None) -> None:
        """Bring a failed instance back to just before its failure. Raises InstanceNotFound, NotRewindable."""

    async def restart(self, instance_id: str, *, with_new_id: bool = True) -> str:
        """Start the same orchestrator with the same input again; returns the id of the new run.

        Raises InstanceNotFound; InstanceExists when the same id is wanted and still live.
        """

    async def signal_entity(self, name: str, key: str, operation: str, input_text: str | None = None) -> None:
        """Store a one-way operation. Raises UnknownFunction."""

    async def read_entity(self, name: str, key: str) -> EntityStatus:
        """Raises EntityNotFound."""

    async def list_entities(
        self, where: EntityFilter = EntityFilter(), top: int = 100, continuation: str | None = None
    ) -> EntityPage:
        """Existing entities in order of name and key."""
