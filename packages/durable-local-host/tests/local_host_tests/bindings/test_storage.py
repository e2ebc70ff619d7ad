"""Which storage account a binding's connection means."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from local_host.bindings.storage import StorageAccounts
from local_host.engine.start_problems import SettingMissing

KEY = "a2V5"


@pytest.mark.parametrize(
    ("environ", "connection", "url"),
    [
        ({"AzureWebJobsStorage": "UseDevelopmentStorage=true;"}, "", "http://127.0.0.1:10001/devstoreaccount1"),
        (
            {"Orders": f"DefaultEndpointsProtocol=https;AccountName=orders;AccountKey={KEY}"},
            "Orders",
            "https://orders.queue.core.windows.net",
        ),
        ({"AzureWebJobsOrders": "UseDevelopmentStorage=true"}, "Orders", "http://127.0.0.1:10001/devstoreaccount1"),
        ({"Orders__queueServiceUri": "https://q.example"}, "Orders", "https://q.example"),
        ({"Orders__accountName": "mine"}, "Orders", "https://mine.queue.core.windows.net"),
    ],
)
async def test_a_connection_names_a_setting_or_the_stem_of_identity_settings(
    environ: dict[str, str], connection: str, url: str
) -> None:
    accounts = StorageAccounts(environ)
    accounts.check(connection, "queue")
    client = await accounts.queues(connection)
    assert client.url.rstrip("/") == url
    assert await accounts.queues(connection) is client
    await accounts.close()


def test_a_connection_that_nothing_defines_is_named() -> None:
    with pytest.raises(SettingMissing, match="The setting 'Orders', which storage bindings name as their connection"):
        StorageAccounts({"Other": "x"}).check("Orders", "blob")


class Storage:
    """A server that takes every request. paths, authorizations: of what arrived."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.authorizations: list[str] = []
        self.server = RawTestServer(self._take)

    async def _take(self, request: web.BaseRequest) -> web.Response:
        self.paths.append(request.raw_path)
        self.authorizations.append(request.headers["Authorization"])
        return web.Response(status=201)

    def account(self, endpoint: str) -> StorageAccounts:
        """Return the account whose queues are at that endpoint."""
        text = f"DefaultEndpointsProtocol=http;AccountName=orders;AccountKey={KEY};QueueEndpoint={endpoint}"
        return StorageAccounts({"AzureWebJobsStorage": text})


@pytest.fixture
async def storage() -> AsyncIterator[Storage]:
    storage = Storage()
    async with storage.server:
        yield storage


async def test_a_client_signs_for_itself_whatever_a_netrc_file_says(
    storage: Storage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login mine password secret\n")
    monkeypatch.setenv("NETRC", str(passwords))
    accounts = storage.account(str(storage.server.make_url("/orders")))
    await (await accounts.queues("")).create_queue("in")
    await accounts.close()
    assert [each.partition(":")[0] for each in storage.authorizations] == ["SharedKey orders"]


async def test_a_client_goes_through_the_proxy_of_the_environment(
    storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", str(storage.server.make_url("/")))
    monkeypatch.delenv("no_proxy", raising=False)
    accounts = storage.account("http://orders.example")
    await (await accounts.queues("")).create_queue("in")
    await accounts.close()
    assert storage.paths == ["http://orders.example/in"]
