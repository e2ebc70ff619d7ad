"""What the app uses of the SDK's durable client.

Protocols of our own, because the SDK moves its modules between its versions and ships no types.
"""

from collections.abc import Awaitable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


class InstanceStatus(Protocol):
    """What is read of an instance's status."""

    @property
    def name(self) -> str:
        """The orchestrator's."""

    @property
    def instance_id(self) -> str:
        """The instance's id."""

    @property
    def runtime_status(self) -> Enum:
        """A member of `df.OrchestrationRuntimeStatus`."""

    @property
    def created_time(self) -> datetime:
        """When the instance was created."""

    @property
    def last_updated_time(self) -> datetime:
        """When its history last grew."""

    @property
    def input_(self) -> Any:
        """What it was given, if that was asked for: as JSON text or decoded."""

    @property
    def custom_status(self) -> Any:
        """What the orchestrator set, decoded."""

    @property
    def output(self) -> Any:
        """What it returned, decoded."""


class EntityState(Protocol):
    """What is read of an entity."""

    @property
    def entity_exists(self) -> bool:
        """Whether the entity has a state."""

    @property
    def entity_state(self) -> Any:
        """The state, as JSON text or decoded."""


class Purged(Protocol):
    """What a purge answers."""

    @property
    def instances_deleted(self) -> int:
        """How many instances were deleted."""


class DurableClient(Protocol):
    """The durable client that the `durable_client_input` binding gives a function.

    It raises a bare `Exception` for whatever fails, and waits for minutes.
    """

    def start_new(
        self,
        orchestration_function_name: str,
        instance_id: str | None = None,
        client_input: Any = None,
        version: str | None = None,
    ) -> Awaitable[str]:
        """Start an instance. Refused while one of this id runs; replaces one that has ended.

        version: Without one, the `defaultVersion` of host.json.
        """

    def get_status(
        self,
        instance_id: str,
        show_history: bool = False,
        show_history_output: bool = False,
        show_input: bool = False,
    ) -> Awaitable[Any]:
        """Return the instance's status, falsy when there is no such instance."""

    def raise_event(self, instance_id: str, event_name: str, event_data: Any = None) -> Awaitable[None]:
        """Send an event to a running instance."""

    def read_entity_state(self, entity_id: Any) -> Awaitable[EntityState]:
        """Return an entity's state as last written."""

    def signal_entity(self, entity_id: Any, operation_name: str, operation_input: Any = None) -> Awaitable[None]:
        """Send an operation to an entity, without its answer."""

    def get_status_by(
        self,
        created_time_from: datetime | None = None,
        created_time_to: datetime | None = None,
        runtime_status: Sequence[Any] | None = None,
        instance_id_prefix: str | None = None,
    ) -> Awaitable[Sequence[InstanceStatus]]:
        """Return instances that were created in a span of time: the first page that the host makes of them."""

    def purge_instance_history(self, instance_id: str) -> Awaitable[Purged]:
        """Delete an instance that has ended, or an entity, with its history."""
