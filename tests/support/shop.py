"""The whole app in the test's process: the real SDKs, the real storage emulator, the sandbox, and a clock that the test moves.

The schedules do not run by themselves: a test runs them by name.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest

from local_host.app.calls import FunctionWorker
from local_host.engine.clock import ManualClock
from local_host.hosting.host import MEMORY
from local_host.testing import Answer, AppHost, running_app
from sandbox.testing import Sandbox
from services.container import Services, process
from settings import Settings
from tests.support.documented import undocumented
from tests.support.order_requests import ADDRESS

ROOT = Path(__file__).parents[2]


@dataclass
class Shop:
    """A running app with an empty catalogue, and the sandbox that it talks to."""

    host: AppHost
    sandbox: Sandbox

    async def post(self, path: str, body: Any = None, **options: Any) -> Answer:
        """body: sent as JSON; `data=` and `headers=` send something else. path: below `/api/`."""
        return await self._send("POST", path, json=body, **options)

    async def post_until_answered(self, path: str, body: Any = None, **options: Any) -> Answer:
        """Send a request again while its worker dies over it, as good clients do: the host then answers 500 without a body."""
        while True:
            answer = await self.post(path, body, **options)
            if answer.status != HTTPStatus.INTERNAL_SERVER_ERROR or answer.body:
                return answer

    async def put(self, path: str, body: Any, **options: Any) -> Answer:
        return await self._send("PUT", path, json=body, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self._send("DELETE", path, **options)

    async def get(self, path: str, **params: str) -> Answer:
        return await self._send("GET", path, params=params)

    async def _send(self, method: str, path: str, **options: Any) -> Answer:
        answer = await self.host.http.request(method, f"/api/{path}", **options)
        assert undocumented(method, path, answer) == [], answer.text
        return answer

    async def stock(
        self, product_id: str, quantity: int, *, unit_price_cents: int = 1_000, stock_shards: int = 1
    ) -> None:
        """Sell a product and put some of it on the shelf."""
        details = {"name": product_id.title(), "unit_price_cents": unit_price_cents, "stock_shards": stock_shards}
        assert (await self.put(f"products/{product_id}", details)).status == 201
        assert (await self.post(f"inventory/{product_id}/restock", {"quantity": quantity})).status == 202
        await self.host.run_until_idle()


@asynccontextmanager
async def running_shop(
    sandbox: Sandbox,
    *,
    state: str | Path = MEMORY,
    redelivers_late: bool = False,
    worker: FunctionWorker | None = None,
) -> AsyncIterator[Shop]:
    """Yield the app under the environment's settings. state: a file that outlives a restart of its process, or its memory.

    redelivers_late: what is in hand at a restart comes again as late as in Azure. The clock begins now, as that of the
    storage emulator is the machine's. worker: what calls the app's functions, when this process is not to.
    """
    clock = ManualClock(datetime.now(UTC))
    async with running_app(ROOT, state=state, clock=clock, redelivers_late=redelivers_late, worker=worker) as host:
        yield Shop(host, sandbox)


def use_settings(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, **changes: str) -> None:
    """Give the app settings of its own for the rest of the test, and a container that is made of them."""
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
    change_settings(monkeypatch, **values)


def change_settings(monkeypatch: pytest.MonkeyPatch, **changes: str | None) -> None:
    """Change some settings of the app for the rest of the test, running or not. None takes one away."""
    for name, value in changes.items():
        if value is None:
            monkeypatch.delenv(name)
        else:
            monkeypatch.setenv(name, value)
    monkeypatch.setattr(process, "container", None)


def give_up_storage_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let storage clients send nothing again by themselves, for what an orchestration does about a store that stays away."""
    monkeypatch.setattr(process, "container", Services(Settings.from_env(os.environ), storage_retries=0))


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as running:
        yield running
