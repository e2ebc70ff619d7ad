"""A shop in processes of its own, as its customers see it: sometimes there is no answer, and then they ask again."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from local_host.testing import Answer
from sandbox.testing import Sandbox
from tests.invariants.processes import Reborn, running
from tests.support.order_requests import ADDRESS
from tests.support.shop import ROOT

POLL_INTERVAL_S = 0.2
_RETRY_PAUSE_S = 0.02
_STORAGE_PROVIDER = "AzureFunctionsJobHost__extensions__durableTask__storageProvider"
_OUT_OF_SIGHT = "00:00:02"
"""What was in hand at a kill is out of sight for so long: far less than in Azure, since the proof's clock is the machine's."""


@dataclass
class Outside:
    """on_answer: called with the text of every answer."""

    host: Reborn
    provider: Reborn
    sandbox: Sandbox
    http: aiohttp.ClientSession
    on_answer: Callable[[str], object]
    answers: int = 0
    is_over: bool = False
    _answered: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def get(self, path: str, **params: str) -> Answer:
        return await self.ask("GET", path, params=params)

    async def ask(self, method: str, path: str, **options: Any) -> Answer:
        """Send a request to the shop until there is an answer that is not the server's own failure."""
        return await self.ask_host(method, f"api/{path}", **options)

    async def ask_host(self, method: str, path: str, **options: Any) -> Answer:
        """Send the host any other request until there is such an answer."""
        while True:
            try:
                async with self.http.request(method, f"{self.host.url}/{path}", **options) as response:
                    answer = Answer(response.status, response.headers, await response.read())
            except (aiohttp.ClientError, TimeoutError):
                await asyncio.sleep(_RETRY_PAUSE_S)
                continue
            await self._count(f"{answer.headers} {answer.text}")
            if answer.status < 500:
                return answer

    async def until_ended(self, order_id: str) -> Answer:
        """Look at an order until it has ended."""
        while True:
            order = await self.get(f"orders/{order_id}")
            if order.status == 200:
                return order
            await asyncio.sleep(POLL_INTERVAL_S)

    async def until_awaiting_approval(self, order_id: str) -> None:
        """Look at an order until a human may decide on it."""
        while True:
            order = await self.get(f"orders/{order_id}")
            if order.json()["status"] == "awaiting_approval":
                return
            await asyncio.sleep(POLL_INTERVAL_S)

    async def until_answers(self, count: int) -> bool:
        """Wait for that many more answers, counted over all customers. False: the customers have gone home meanwhile."""
        wanted = self.answers + count
        async with self._answered:
            await self._answered.wait_for(lambda: self.is_over or self.answers >= wanted)
        return not self.is_over

    async def go_home(self) -> None:
        """No caller asks any more."""
        async with self._answered:
            self.is_over = True
            self._answered.notify_all()

    async def _count(self, text: str) -> None:
        self.on_answer(text)
        async with self._answered:
            self.answers += 1
            self._answered.notify_all()


@asynccontextmanager
async def the_outside(
    folder: Path,
    storage_connection: str,
    settings: Mapping[str, str] | None = None,
    on_answer: Callable[[str], object] = lambda _: None,
    disk: Path | None = None,
    app: Path = ROOT,
) -> AsyncIterator[Outside]:
    """Yield a running host and a running sandbox, which keep their state in the folder.

    Args:
        folder: Of their state and logs.
        storage_connection: The shop's storage account.
        settings: Of the app, above those of every test.
        on_answer: Called with the text of every answer.
        disk: Where the host keeps its own state; None for the folder.
        app: What the host runs.
    """
    async with AsyncExitStack() as stack:
        provider = stack.enter_context(running(Reborn("sandbox", ("sandbox",), folder, dict(os.environ))))
        environment = {
            **os.environ,
            "AzureWebJobsStorage": storage_connection,
            "SHOP_STORAGE": storage_connection,
            "TASKHUB_NAME": "Outside",
            "STRIPE_API_KEY": "sk_test_sandbox",
            "STRIPE_API_BASE": provider.url,
            "EASYPOST_API_KEY": "EZTK_sandbox",
            "EASYPOST_API_BASE": f"{provider.url}/v2",
            "SHIP_FROM": json.dumps(ADDRESS),
            **{
                f"{_STORAGE_PROVIDER}__{queue}VisibilityTimeout": _OUT_OF_SIGHT
                for queue in ("controlQueue", "workItemQueue")
            },
            **(settings or {}),
        }
        start = ("local_host", "start", "--app", str(app), "--redeliver-after-visibility-timeout")
        host = stack.enter_context(running(Reborn("local_host", start, folder, environment, disk)))
        http = await stack.enter_async_context(aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=10)))
        yield Outside(host, provider, Sandbox(provider.url), http, on_answer)
