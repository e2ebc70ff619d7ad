"""Read and wake instances through the durable client.

The client raises bare `Exception`s and knows no time-out shorter than minutes; both end here.
"""

import json
import logging
from collections.abc import Mapping
from typing import Any, Final

import azure.durable_functions as df

from services.durable.client import DurableClient, InstanceStatus

REPLAY_DEAD_LETTER: Final = "replay_dead_letter"

_MAX_RAISE_ATTEMPTS: Final = 3

UNFINISHED: Final = frozenset(
    {
        df.OrchestrationRuntimeStatus.Pending,
        df.OrchestrationRuntimeStatus.Running,
        df.OrchestrationRuntimeStatus.Suspended,
        df.OrchestrationRuntimeStatus.ContinuedAsNew,
    }
)

_log = logging.getLogger(__name__)


async def instance_status(
    client: DurableClient, instance_id: str, *, with_input: bool = False
) -> InstanceStatus | None:
    """Return the instance's status without its history; None when there is no such instance."""
    status = await client.get_status(instance_id, show_input=with_input)
    return status or None


def is_unfinished(status: InstanceStatus | None) -> bool:
    """Return whether the instance exists and has not ended."""
    return status is not None and status.runtime_status in UNFINISHED


def has_completed(status: InstanceStatus | None) -> bool:
    """Return whether the instance has ended by itself; its output then says how."""
    return status is not None and status.runtime_status is df.OrchestrationRuntimeStatus.Completed


def has_failed(status: InstanceStatus | None) -> bool:
    """Return whether the platform has failed the instance: its code raised, or its worker died."""
    return status is not None and status.runtime_status is df.OrchestrationRuntimeStatus.Failed


async def raise_event(client: DurableClient, instance_id: str, name: str, payload: Mapping[str, Any]) -> bool:
    """Raise an event, several times if need be; False when it was not delivered."""
    for attempt in range(1, _MAX_RAISE_ATTEMPTS + 1):
        try:
            await client.raise_event(instance_id, name, payload)
        except Exception as error:  # noqa: BLE001 - the client has one type for everything
            _log.warning("%s: event %s, attempt %d: %s", instance_id, name, attempt, type(error).__qualname__)
        else:
            return True
    return False


async def received_events(client: DurableClient, instance_id: str) -> list[tuple[str, Any]] | None:
    """Return the external events in an instance's history, oldest first: names and payloads, encoded as they came.

    None when the host cannot show the history, which it cannot of some instances whose code was changed under them.
    """
    # Without the input the host leaves the payloads out.
    status = await client.get_status(instance_id, show_history=True, show_history_output=True, show_input=True)
    history = (getattr(status, "historyEvents", None) or getattr(status, "history", None)) if status else None
    if history is None:
        return None
    return [(event["Name"], event.get("Input")) for event in history if event["EventType"] == "EventRaised"]


async def stored_input(client: DurableClient, instance_id: str) -> Any:
    """Return the input that an instance was given, or gave itself with `continue_as_new`; None when the host hides it."""
    status = await instance_status(client, instance_id, with_input=True)
    return None if status is None else input_of(status)


def input_of(status: InstanceStatus) -> Any:
    """Return the input that stands in a status; None where the host left it out, or where it was never an input of the app."""
    given = status.input_
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except ValueError:  # a text that was given to an instance through the management API
        return None
