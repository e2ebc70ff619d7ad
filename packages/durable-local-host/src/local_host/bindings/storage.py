"""Clients for the storage account that a binding's `connection` names.

The connection is the name of a setting: either a connection string, or the stem of identity settings
(`NAME__queueServiceUri`, `NAME__blobServiceUri`, `NAME__accountName`). The storage SDKs are imported on first use.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from local_host.bindings.leased_messages import LeasedMessages, requests_to
from local_host.engine.start_problems import SettingMissing

if TYPE_CHECKING:
    from azure.storage.blob.aio import BlobServiceClient
    from azure.storage.queue.aio import QueueServiceClient

DEFAULT_CONNECTION = "AzureWebJobsStorage"
_DEVELOPMENT = "usedevelopmentstorage=true"
# The account, key and ports that every storage emulator has by convention.
_EMULATOR = (
    "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
    "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
)
# What the SDK's clients give a transport that they make themselves.
_TRANSPORT_OPTIONS = {"connection_timeout": 20, "read_timeout": 60, "connection_data_block_size": 256 * 1024}


class StorageAccounts:
    """One client per connection and kind of service, closed together."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._clients: dict[tuple[str, str], Any] = {}
        self._transports: dict[tuple[str, str], Any] = {}
        self._credential: Any = None
        self._sdks: dict[str, Any] = {}

    async def queues(self, connection: str) -> QueueServiceClient:
        """Return the client for the queues of a connection. Raises SettingMissing."""
        sdk = await self._sdk("azure.storage.queue.aio")
        client: QueueServiceClient = self._client("queue", connection, sdk.QueueServiceClient)
        return client

    async def messages(self, connection: str, queue: str) -> LeasedMessages:
        """Return the messages of a queue. Raises SettingMissing."""
        service = await self.queues(connection)
        transport = self._transports["queue", connection or DEFAULT_CONNECTION]
        return LeasedMessages(service.get_queue_client(queue), requests_to(service, transport))

    async def blobs(self, connection: str) -> BlobServiceClient:
        """Return the client for the blobs of a connection. Raises SettingMissing."""
        sdk = await self._sdk("azure.storage.blob.aio")
        client: BlobServiceClient = self._client("blob", connection, sdk.BlobServiceClient)
        return client

    def check(self, connection: str, service: str) -> None:
        """Check that a setting names the account of a connection. service: `queue` or `blob`. Raises SettingMissing."""
        name = connection or DEFAULT_CONNECTION
        if not self._connection_string(name):
            self._service_uri(service, name)

    async def close(self) -> None:
        """Close every client."""
        for client in self._clients.values():
            await client.close()
        if self._credential is not None:
            await self._credential.close()

    async def _sdk(self, module: str) -> Any:
        """Import in a thread, since it takes longer than the first requests after a start should wait."""
        if module not in self._sdks:
            self._sdks[module] = await asyncio.to_thread(import_module, module)
        return self._sdks[module]

    def _client(self, service: str, connection: str, kind: Any) -> Any:
        name = connection or DEFAULT_CONNECTION
        if (service, name) not in self._clients:
            self._clients[service, name] = self._connect(service, name, kind)
        return self._clients[service, name]

    def _connect(self, service: str, name: str, kind: Any) -> Any:
        from azure.core.pipeline.transport import AioHttpTransport

        text = self._connection_string(name)
        if text:
            is_emulator = text.strip("; ").casefold() == _DEVELOPMENT
            make = partial(kind.from_connection_string, _EMULATOR if is_emulator else text)
        else:
            make = partial(kind, self._service_uri(service, name), credential=self._identity())
        # A transport that looks at the environment does so in a thread, twice for each request, and sends the password of a
        # `.netrc` instead of the client's signature.
        transport = AioHttpTransport(**_TRANSPORT_OPTIONS, use_env_settings=_is_behind_proxy(make().url))
        self._transports[service, name] = transport
        return make(transport=transport)

    def _connection_string(self, name: str) -> str | None:
        return self._environ.get(name) or self._environ.get(f"AzureWebJobs{name}")

    def _service_uri(self, service: str, name: str) -> str:
        settings = {key.casefold(): value for key, value in self._environ.items()}
        uri = settings.get(f"{name}__{service}ServiceUri".casefold()) or settings.get(f"{name}__serviceUri".casefold())
        account = settings.get(f"{name}__accountName".casefold())
        if not uri and not account:
            raise SettingMissing(name, "which storage bindings name as their connection")
        return uri or f"https://{account}.{service}.core.windows.net"

    def _identity(self) -> Any:
        if self._credential is None:
            from azure.identity.aio import DefaultAzureCredential

            self._credential = DefaultAzureCredential()
        return self._credential


def _is_behind_proxy(url: str) -> bool:
    """Return whether the environment names a proxy for that address."""
    parts = urlsplit(url)
    return parts.scheme in getproxies() and not proxy_bypass(parts.hostname or "")
