"""Instances as tests see them: their status with its values decoded, and what one that has not ended waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from local_host.engine.history_events import COMPLETES, OPENS, EventType
from local_host.engine.views import InstanceStatus
from local_host.management.bodies import json_value


class StillRunning(AssertionError):
    """`wait` found that the instance has not ended and nothing goes on by itself. The text says what it waits for."""


@dataclass(frozen=True, kw_only=True)
class Instance:
    """The status of an instance, with its values decoded.

    What the SDK's client sends as input is a text that holds JSON; so `input` is that text, as in the status query.
    """

    id: str
    name: str
    runtime_status: str
    input: Any
    output: Any
    custom_status: Any
    created_at: datetime
    last_updated_at: datetime


def instance_of(status: InstanceStatus) -> Instance:
    """Return the status with its values decoded."""
    return Instance(
        id=status.instance_id,
        name=status.name,
        runtime_status=status.runtime_status.value,
        input=json_value(status.input),
        output=json_value(status.output),
        custom_status=json_value(status.custom_status),
        created_at=status.created_at,
        last_updated_at=status.last_updated_at,
    )


def describe_wait(status: InstanceStatus) -> str:
    """Return what an instance that has not ended waits for, in words for the test's author."""
    opened = {event["EventId"]: event for event in status.history or () if event["EventType"] in OPENS}
    for event in status.history or ():
        if event["EventType"] in COMPLETES:
            opened.pop(event[COMPLETES[event["EventType"]]], None)
    waits = [_open_work(event) for event in opened.values()] or ["an event, an entity, or resume"]
    custom = f" Its custom status is {status.custom_status}." if status.custom_status else ""
    return (
        f"{status.name} '{status.instance_id}' is still {status.runtime_status.value} and waits for {', '.join(waits)}."
        f"{custom} Move time with advance(), or raise the event it waits for."
    )


def _open_work(event: Mapping[str, Any]) -> str:
    if event["EventType"] == EventType.TIMER_CREATED:
        return f"the timer of {event['FireAt']}"
    return f"{event['Name']} (id {event['EventId']})"
