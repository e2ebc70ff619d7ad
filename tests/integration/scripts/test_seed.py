"""A catalogue for a copy that has only just started, whose storage may answer later than the app."""

import asyncio
import re
import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sandbox.testing import Sandbox
from scripts.seed import CATALOGUE, seed_if_empty
from tests.support.shop import running_shop, use_settings

POLL_INTERVAL_S = 0.02
TABLES = re.compile(r"(?<=TableEndpoint=http://)([\d.]+):(\d+)")


@asynccontextmanager
async def gate(listener: socket.socket, host: str, port: int) -> AsyncIterator[None]:
    """Pass every connection to the listener on to the real service."""

    async def copy(reader: StreamReader, writer: StreamWriter) -> None:
        while piece := await reader.read(65_536):
            writer.write(piece)
        writer.close()

    async def connected(reader: StreamReader, writer: StreamWriter) -> None:
        from_service, to_service = await asyncio.open_connection(host, port)
        await asyncio.gather(copy(reader, to_service), copy(from_service, writer), return_exceptions=True)

    server = await asyncio.start_server(connected, sock=listener)
    try:
        yield
    finally:
        server.close()


async def test_a_copy_is_seeded_whose_storage_answers_late(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    found = TABLES.search(storage_connection)
    assert found is not None
    # Bound, it refuses connections until it listens.
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        late = TABLES.sub(f"127.0.0.1:{listener.getsockname()[1]}", storage_connection)
        use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=late)
        async with running_shop(sandbox) as shop:
            seeding = asyncio.create_task(asyncio.to_thread(seed_if_empty, shop.host.origin))
            while "list_products: the catalogue did not answer" not in caplog.text:
                assert not seeding.done()
                await asyncio.sleep(POLL_INTERVAL_S)
            async with gate(listener, found[1], int(found[2])):
                assert await seeding
                products = (await shop.get("products")).json()["products"]
    assert {product["product_id"] for product in products} == {seed.product_id for seed in CATALOGUE}
