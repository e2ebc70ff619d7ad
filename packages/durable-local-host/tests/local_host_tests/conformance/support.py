"""What the conformance tests share: the app they run, and how they talk to it."""

from pathlib import Path
from typing import Any

import pytest

from local_host.testing import AppHost

PACKAGE = Path(__file__).parents[3]
"""The folder of the package durable-local-host."""
APPS = Path(__file__).parents[1] / "apps"
APP = APPS / "conformance"
MANAGEMENT = "/runtime/webhooks/durabletask"

on_conformance_app = pytest.mark.app_host(app=APP)


class ClientError(Exception):
    """The SDK's client raised inside the app."""


async def sdk(app_host: AppHost, method: str, *args: Any, **kwargs: Any) -> Any:
    """Call a method of the SDK's durable client inside the app; raises ClientError with the text it raised."""
    answer = (await app_host.http.post(f"/api/client/{method}", json={"args": args, "kwargs": kwargs})).json()
    if "error" in answer:
        raise ClientError(answer["error"])
    return answer["result"]


async def raw_start(app_host: AppHost, name: str, body: str = "", instance_id: str = "") -> str:
    """Start over HTTP with a body as it is; returns the id."""
    path = f"{MANAGEMENT}/orchestrators/{name}" + (f"/{instance_id}" if instance_id else "")
    answer = await app_host.http.post(path, data=body, headers={"Content-Type": "application/json"})
    assert answer.status == 202, answer.text
    return str(answer.json()["id"])


async def status_of(app_host: AppHost, instance_id: str, query: str = "") -> dict[str, Any]:
    """Return the body of the status query."""
    await app_host.run_until_idle()
    return dict((await app_host.http.get(f"{MANAGEMENT}/instances/{instance_id}{query}")).json())


async def events_of(app_host: AppHost, instance_id: str) -> list[dict[str, Any]]:
    """Return the history as the SDK reads it: event types by number."""
    await app_host.run_until_idle()
    return [dict(event) for event in (await app_host.operations.status(instance_id, with_history=True)).history or ()]


def types(events: list[dict[str, Any]]) -> list[int]:
    return [event["EventType"] for event in events]


def scheduled_ids(events: list[dict[str, Any]]) -> list[int]:
    """Return the ids of scheduled events, in the order in which they stand."""
    return [event["EventId"] for event in events if event["EventType"] in (4, 7, 10, 14)]


async def raise_raw(app_host: AppHost, instance_id: str, name: str, body: str) -> int:
    """Raise an event over HTTP with a JSON body as it is; the status of the answer."""
    path = f"{MANAGEMENT}/instances/{instance_id}/raiseEvent/{name}"
    return (await app_host.http.post(path, data=body, headers={"Content-Type": "application/json"})).status
