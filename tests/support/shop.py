"""The whole app in the test's process: the real SDKs, the real storage emulator, the sandbox, and a clock that the test moves.

The schedules do not run by themselves: a test runs them by name.
"""

import json
import os
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import settings as app_settings
from adapters import compose
from local_host.app.host_json import read_host_config
from local_host.app.index import AppIndex
from local_host.app.loader import load_app
from local_host.clock import ManualClock
from local_host.executor import Executor
from local_host.faults import Faults
from local_host.host import Host, HostParts
from local_host.task_hub import TaskHub
from sandbox.testing import Sandbox
from tests.support.order_requests import ADDRESS

ROOT = Path(__file__).parents[2]

_CACHED: tuple[Callable[[], Any], ...] = (
    app_settings.settings,
    compose.payment_provider,
    compose.carrier,
    compose.trackers,
    compose.order_book,
    compose.intake_book,
    compose.catalogue,
    compose.order_batches,
    compose.order_intake,
    compose.refused_orders,
    compose.outbox,
    compose.dead_letters,
    compose.decision_links,
    compose.postman,
    compose.webhooks,
    compose.expense_rules,
    compose.expense_payments,
    compose.parcels,
    compose.regions,
    compose.users,
    compose.file_batches,
    compose.manifests,
    compose.reports,
    compose._storage,
)


@dataclass(frozen=True)
class Answer:
    """A response. body: decoded JSON; None when there is none."""

    status: int
    body: Any
    headers: Mapping[str, str]


@dataclass
class Shop:
    """A running app with an empty catalogue."""

    host: Host
    app: AppIndex
    clock: ManualClock
    sandbox: Sandbox
    http: aiohttp.ClientSession = field(repr=False)

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """body: sent as JSON; `data=` and `headers=` send something else. path: below `/api/`."""
        if body is not None:
            options["json"] = body
        return await self._send("POST", path, **options)

    async def put(self, path: str, body: Any) -> Answer:
        return await self._send("PUT", path, json=body)

    async def delete(self, path: str) -> Answer:
        return await self._send("DELETE", path)

    async def get(self, path: str, **params: str) -> Answer:
        return await self._send("GET", path, params=params)

    async def stock(self, product_id: str, quantity: int, *, unit_price_cents: int = 1_000) -> None:
        """Sell a product and put some of it on the shelf."""
        details = {"name": product_id.title(), "unit_price_cents": unit_price_cents}
        assert (await self.put(f"products/{product_id}", details)).status == 201
        assert (await self.post(f"inventory/{product_id}/restock", {"quantity": quantity})).status == 202
        await self.host.until_idle()

    async def run_schedule(self, name: str) -> None:
        """Run a timer function once, now."""
        await self.host.run_once(self.app.functions[name])
        await self.host.until_idle()

    async def _send(self, method: str, path: str, **options: Any) -> Answer:
        async with self.http.request(method, f"{self.host.origin}/api/{path}", **options) as response:
            text = await response.text()
            return Answer(response.status, json.loads(text) if text else None, dict(response.headers))


@cache
def the_app() -> AppIndex:
    """The app, loaded once per process."""
    return load_app(ROOT, {})


@asynccontextmanager
async def running_shop(
    sandbox: Sandbox,
    *,
    state: str | Path = ":memory:",
    since: datetime | None = None,
    faults: Faults | None = None,
    around_executor: Callable[[Executor], Executor] = lambda executor: executor,
) -> AsyncIterator[Shop]:
    """The app under the environment's settings, on a free port, for one life of its process.

    state: a file that outlives it, or its memory. since: what its clock says at first; now, unless another life went before.
    faults: of its store. around_executor: stands between the engine and the app's functions.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    clock = ManualClock(since or datetime.now(UTC))
    config = read_host_config(ROOT, os.environ)
    parts = HostParts(
        app=the_app(),
        config=config,
        hub=TaskHub.open(state, faults),
        listener=listener,
        clock=clock,
        with_triggers=False,
        around_executor=around_executor,
    )
    host = Host(parts)
    clock.settle_with(host.until_idle)
    await host.start()
    try:
        async with aiohttp.ClientSession() as http:
            yield Shop(host, the_app(), clock, sandbox, http)
    finally:
        await host.stop(grace_s=0)


def use_settings(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, **changes: str) -> None:
    """Give the app fresh settings, and adapters that are made of them."""
    values = {
        "AzureWebJobsStorage": storage_connection,
        "SHOP_STORAGE": storage_connection,
        "TASKHUB_NAME": "Tests",
        "STRIPE_API_KEY": "sk_test_sandbox",
        "STRIPE_API_BASE": sandbox.url,
        "EASYPOST_API_KEY": "EZTK_sandbox",
        "EASYPOST_API_BASE": sandbox.easypost_url,
        "SHIP_FROM": json.dumps(ADDRESS),
        **changes,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    forget_cached()


def forget_cached() -> None:
    for each in _CACHED:
        each.cache_clear()  # type: ignore[attr-defined]


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as running:
        yield running
    forget_cached()
