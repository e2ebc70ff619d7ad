"""What the management API does, without HTTP: start, query, signal, stop and clean up instances and entities.

Inputs, event data and results are JSON text throughout. An operation that changes something returns only after it is
stored; it takes effect a moment later. Refusals are the `OperationRefused` types of `errors`.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime

from local_host.engine import history_events as h
from local_host.engine import steps
from local_host.engine.checks import (
    allow_any,
    allow_if_suspended,
    allow_unless_suspended,
    checked_id,
    checked_json,
    compact_json,
    required_status,
)
from local_host.engine.clock import Clock
from local_host.engine.config import DurableConfig, Overridable
from local_host.engine.entity import entity_id
from local_host.engine.errors import (
    InstanceEnded,
    NotRewindable,
    UnknownFunction,
)
from local_host.engine.executor import Executor, FunctionKind, unknown_function
from local_host.engine.group_commit import Transaction, Wakeups
from local_host.engine.history_events import Event, EventType, make_event
from local_host.engine.instance import Instance
from local_host.engine.outcome import EntityRequest, OutgoingMessage, started
from local_host.engine.queries import Queries
from local_host.engine.status import ENDED, RuntimeStatus
from local_host.engine.task_hub import TaskHub
from local_host.engine.timestamps import time_text
from local_host.engine.views import (
    InstanceStatus,
)


class Operations(Queries):
    """The operations of one task hub, and its queries."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock, config: DurableConfig) -> None:
        super().__init__(hub)
        self._executor = executor
        self._clock = clock
        self._config = config
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        hub.listen(self._stored)

    # Start.

    async def start(
        self,
        name: str,
        input_text: str | None = None,
        instance_id: str | None = None,
        version: str | None = None,
        parent_trace: h.Fields | None = None,
    ) -> str:
        """Store a new instance and return its id (32 hex digits unless given). parent_trace: what its caller's trace is.

        Raises UnknownFunction, InvalidInstanceId, InvalidJson, InstanceExists (that id is live).
        """
        registered = self._executor.find(FunctionKind.ORCHESTRATOR, name)
        if registered is None:
            raise self._unknown(FunctionKind.ORCHESTRATOR, name)
        chosen = uuid.uuid4().hex if instance_id is None else checked_id(instance_id)
        chosen_version = version if version is not None else self._config.default_version or ""
        await self._start(chosen, registered, chosen_version, checked_json(input_text), parent_trace)
        return chosen

    async def _start(
        self, instance_id: str, name: str, version: str, input_text: str | None, parent_trace: h.Fields | None = None
    ) -> None:
        instance = Instance(
            instance_id=instance_id,
            execution_id=str(uuid.uuid4()),
            name=name,
            version=version,
            status=RuntimeStatus.PENDING,
            input=input_text,
            parent=None,
        )
        first = started(instance, self._now_text(), parent_trace=parent_trace)
        replace_live = self._config.overridable_existing_instance_states is Overridable.ANY
        await self._hub.store(lambda tx: steps.start_instance(tx, instance, first, replace_live=replace_live))

    async def restart(self, instance_id: str, *, with_new_id: bool = True) -> str:
        """Start the same orchestrator with the same input again; returns the id of the new run.

        Raises InstanceNotFound; InstanceExists when the same id is wanted and still live.
        """
        row = self._row(instance_id)
        chosen = uuid.uuid4().hex if with_new_id else instance_id
        await self._start(chosen, row["name"], row["version"], row["input"])
        return chosen

    # Query.

    async def wait_ended(self, instance_id: str) -> InstanceStatus:
        """Return once the instance is Completed, Failed, Terminated or Canceled. Raises InstanceNotFound."""
        while not (current := await self.status(instance_id)).runtime_status.has_ended:
            ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.setdefault(instance_id, []).append(ended)
            await ended
        return current

    def _stored(self, wakeups: Wakeups) -> None:
        for instance_id in wakeups.ended:
            for ended in self._waiting.pop(instance_id, ()):
                if not ended.done():
                    ended.set_result(None)

    # Signal and control.

    async def raise_event(self, instance_id: str, name: str, data_text: str | None) -> None:
        """Store an event. Raises InstanceNotFound, InstanceEnded, InvalidJson."""
        event = h.event_raised(self._now_text(), name, compact_json(data_text))
        await self._send(instance_id, event, allow_any)

    async def terminate(self, instance_id: str, reason: str | None = None) -> None:
        """End an instance. Raises InstanceNotFound, InstanceEnded."""
        event = make_event(EventType.EXECUTION_TERMINATED, self._now_text(), Input=reason)
        await self._send(instance_id, event, allow_any)

    async def suspend(self, instance_id: str, reason: str | None = None) -> None:
        """Hold an instance. Raises InstanceNotFound, InstanceEnded, AlreadySuspended."""
        event = make_event(EventType.EXECUTION_SUSPENDED, self._now_text(), Reason=reason)
        await self._send(instance_id, event, allow_unless_suspended)

    async def resume(self, instance_id: str, reason: str | None = None) -> None:
        """Let an instance go on. Raises InstanceNotFound, InstanceEnded, NotSuspended."""
        event = make_event(EventType.EXECUTION_RESUMED, self._now_text(), Reason=reason)
        await self._send(instance_id, event, allow_if_suspended)

    async def _send(self, instance_id: str, event: Event, check: Callable[[str, RuntimeStatus], None]) -> None:
        def step(tx: Transaction) -> None:
            status = required_status(tx, instance_id)
            if status.has_ended:
                raise InstanceEnded(instance_id, status)
            check(instance_id, status)
            steps.post(tx, OutgoingMessage(instance_id, None, event))

        await self._hub.store(step)

    async def rewind(self, instance_id: str, reason: str | None = None) -> None:
        """Bring a failed instance back to just before its failure. Raises InstanceNotFound, NotRewindable."""
        event = make_event(EventType.EXECUTION_REWOUND, self._now_text(), Reason=reason)

        def step(tx: Transaction) -> None:
            status = required_status(tx, instance_id)
            if not steps.post(tx, OutgoingMessage(instance_id, None, event)):
                raise NotRewindable(instance_id, status)

        await self._hub.store(step)

    # Clean up.

    async def purge(self, instance_id: str) -> int:
        """Forget an ended instance (or an entity); returns 1. Raises InstanceNotFound, InstanceLive."""
        is_entity = instance_id.startswith("@") and self._hub.read("entity_row", (instance_id,))
        purge = steps.purge_entity if is_entity else steps.purge_instance
        await self._hub.store(lambda tx: purge(tx, instance_id))
        return 1

    async def purge_by(
        self, created_from: datetime, created_to: datetime | None = None, statuses: Sequence[RuntimeStatus] = ()
    ) -> int:
        """Forget all ended instances created in that time (of these statuses); returns how many."""
        wanted = [status for status in statuses if status.has_ended] or list(ENDED)
        limits = (time_text(created_from), time_text(created_to or self._clock.now()), json.dumps(wanted))
        return await self._hub.store(lambda tx: steps.purge_instances(tx, *limits))

    # Entities.

    async def signal_entity(self, name: str, key: str, operation: str, input_text: str | None = None) -> None:
        """Store a one-way operation. Raises UnknownFunction, InvalidJson."""
        if self._executor.find(FunctionKind.ENTITY, name) is None:
            raise self._unknown(FunctionKind.ENTITY, name)
        request = EntityRequest(
            entity_id=entity_id(name, key),
            request_id=str(uuid.uuid4()),
            operation=operation,
            input=compact_json(input_text),
        )
        await self._hub.store(lambda tx: steps.add_operation(tx, request))

    def _unknown(self, kind: FunctionKind, name: str) -> UnknownFunction:
        return unknown_function(self._executor, kind, name)

    def _now_text(self) -> str:
        return time_text(self._clock.now())
