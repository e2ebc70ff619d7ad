"""What is asked of the durable client, in our words.

The client raises bare `Exception`s and knows no time-out shorter than minutes; both end here.
"""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final, Protocol

import azure.durable_functions as df

REPLAY_DEAD_LETTER: Final = "replay_dead_letter"

_RAISE_ATTEMPTS: Final = 3

UNFINISHED: Final = frozenset(
    {
        df.OrchestrationRuntimeStatus.Pending,
        df.OrchestrationRuntimeStatus.Running,
        df.OrchestrationRuntimeStatus.Suspended,
        df.OrchestrationRuntimeStatus.ContinuedAsNew,
    }
)

_log = logging.getLogger(__name__)


class InstanceStatus(Protocol):
    """What is read of the SDK's status of an instance. A protocol, for the SDK moves its modules between versions."""

    @property
    def name(self) -> str:
        """The orchestrator's."""

    @property
    def runtime_status(self) -> Enum: ...

    @property
    def created_time(self) -> datetime: ...

    @property
    def last_updated_time(self) -> datetime: ...

    @property
    def custom_status(self) -> Any: ...

    @property
    def output(self) -> Any: ...


async def instance_status(client: df.DurableOrchestrationClient, instance_id: str) -> InstanceStatus | None:
    """The instance's status without its input and history; None when there is no such instance."""
    status = await client.get_status(instance_id)
    return status or None


def is_unfinished(status: InstanceStatus | None) -> bool:
    """Whether the instance exists and has not ended."""
    return status is not None and status.runtime_status in UNFINISHED


def has_completed(status: InstanceStatus | None) -> bool:
    """Whether the instance has come to an end of its own, and its output says which."""
    return status is not None and status.runtime_status is df.OrchestrationRuntimeStatus.Completed


async def raise_event(
    client: df.DurableOrchestrationClient, instance_id: str, name: str, payload: Mapping[str, Any]
) -> bool:
    """Raise an event, again if need be; False when the instance could not be told."""
    for attempt in range(1, _RAISE_ATTEMPTS + 1):
        try:
            await client.raise_event(instance_id, name, payload)
        except Exception as error:  # noqa: BLE001 - the client has one type for everything
            _log.warning("%s: event %s, attempt %d: %s", instance_id, name, attempt, type(error).__qualname__)
        else:
            return True
    return False


async def received_events(client: df.DurableOrchestrationClient, instance_id: str) -> list[tuple[str, Any]] | None:
    """The external events in an instance's history, oldest first: names and payloads, encoded as they came.

    None when the host cannot show the history, which it cannot of some instances whose code was changed under them.
    """
    # Without the input the host leaves the payloads out.
    status = await client.get_status(instance_id, show_history=True, show_history_output=True, show_input=True)
    history = (getattr(status, "historyEvents", None) or getattr(status, "history", None)) if status else None
    if history is None:
        return None
    return [(event["Name"], event.get("Input")) for event in history if event["EventType"] == "EventRaised"]


async def stored_input(client: df.DurableOrchestrationClient, instance_id: str) -> Any:
    """The input that an instance was given, or gave to itself with `continue_as_new`. None: the host does not show it."""
    status = await client.get_status(instance_id, show_input=True)
    given = status.input_ if status else None
    return json.loads(given) if isinstance(given, str) else given
