"""Blob functions: the container is looked at again and again, and each new or changed blob is handed out once.

What was handled is remembered in the storage account itself, as a receipt per version of a blob, in the place where the
real host keeps its receipts. After five failures a message goes to `webjobs-blobtrigger-poison`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from azure.functions.meta import Datum

from local_host.app.binding_types import BindingServices, InputType, OutputType, Run, TriggerType, register
from local_host.app.function import Binding, Function
from local_host.app.settings import resolve_references
from local_host.bindings.messages import KnownToExist, connection_of, create_if_missing, encode_message, log_poison
from local_host.bindings.path_pattern import PathPattern, fill_path, parse_pattern
from local_host.engine.failure_log import ONLY, Attempt, counted
from local_host.engine.log_categories import function_logger
from local_host.engine.start_problems import InvalidFunction

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties
    from azure.storage.blob.aio import BlobClient, ContainerClient

_RECEIPTS = "azure-webjobs-hosts"
_POISON_QUEUE = "webjobs-blobtrigger-poison"
_MAX_TRIES = 5
_POLL_INTERVAL_S = 1.0


class BlobTriggers:
    """Feeds blobs to functions, as they appear or one by its path."""

    def __init__(self, services: BindingServices) -> None:
        self._services = services

    def listener(self, function: Function) -> BlobListener:
        """Return what watches the function's container. Raises InvalidFunction, SettingMissing."""
        return BlobListener(function, self._services)

    async def run_by_hand(self, function: Function, value: str) -> None:
        """Run a function for the blob `container/name`; one that does not exist is logged."""
        from azure.core.exceptions import ResourceNotFoundError

        services = self._services
        client = await _blob_client(services, connection_of(function.trigger), value)
        try:
            await run_for_blob(function, pattern_of(function, services.environ), services.run, client)
        except ResourceNotFoundError:
            function_logger(function.name).error("There is no blob %s.", value)


class BlobInputs:
    """Reads blobs before the function is called."""

    def __init__(self, services: BindingServices) -> None:
        self._services = services

    async def read(self, binding: Binding, values: Mapping[str, str]) -> Datum | None:
        """Return the content of the blob, or None for one that does not exist.

        Raises ValueError for a path that cannot be filled, SettingMissing.
        """
        from azure.core.exceptions import ResourceNotFoundError

        environ = self._services.environ
        path = fill_path(resolve_references(binding.fields["path"], environ, "a blob input's path"), values)
        client = await _blob_client(self._services, connection_of(binding), path)
        try:
            return Datum(await (await client.download_blob()).readall(), "bytes")
        except ResourceNotFoundError:
            return None


class BlobOutputs:
    """Writes blobs."""

    def __init__(self, services: BindingServices) -> None:
        self._accounts = services.accounts
        self._environ = services.environ
        self._containers = KnownToExist()

    async def send(self, binding: Binding, datum: Datum, values: Mapping[str, str]) -> None:
        """Write a blob. Raises ValueError for a path that cannot be filled, SettingMissing."""
        path = fill_path(resolve_references(binding.fields["path"], self._environ, "a blob output's path"), values)
        container_name, _, blob_name = path.strip("/").partition("/")
        connection = connection_of(binding)
        container = (await self._accounts.blobs(connection)).get_container_client(container_name)
        await self._containers.ensure(connection, container_name, container.create_container)
        await container.upload_blob(blob_name, datum.value, overwrite=True)


class BlobListener:
    """Feeds the blobs of one path to one function."""

    def __init__(self, function: Function, services: BindingServices) -> None:
        """Read the binding. Raises InvalidFunction, SettingMissing."""
        self._function = function
        self._run = services.run
        self._accounts = services.accounts
        self._connection = connection_of(function.trigger)
        self._pattern = pattern_of(function, services.environ)
        self._accounts.check(self._connection, "blob")
        # Versions known to be handled, so that their receipts are not asked for at every look.
        self._seen: set[str] = set()

    async def listen(self) -> None:
        """Look at the container again and again."""
        service = await self._accounts.blobs(self._connection)
        container = service.get_container_client(self._pattern.container)
        receipts = service.get_container_client(_RECEIPTS)
        await create_if_missing(receipts.create_container())
        while True:
            await self._look(container, receipts)
            await asyncio.sleep(_POLL_INTERVAL_S)

    async def _look(self, container: ContainerClient, receipts: ContainerClient) -> None:
        """Look for new blobs; as the real listener, find nothing in a container that does not exist, and do not create it."""
        from azure.core.exceptions import ResourceNotFoundError

        try:
            async for blob in container.list_blobs(name_starts_with=self._pattern.prefix):
                if self._pattern.match(blob.name) is not None:
                    await self._handle(container, receipts, blob)
        except ResourceNotFoundError:
            return

    async def _handle(self, container: ContainerClient, receipts: ContainerClient, blob: BlobProperties) -> None:
        receipt_name = f"blobreceipts/local_host/{self._function.name}/{blob.etag}/{blob.container}/{blob.name}"
        receipt = receipts.get_blob_client(receipt_name)
        if receipt_name in self._seen or await receipt.exists():
            self._seen.add(receipt_name)
            return
        if not await self._try(container, blob):
            await self._store_as_poison(blob)
        await receipt.upload_blob(b"", overwrite=True)
        self._seen.add(receipt_name)

    async def _try(self, container: ContainerClient, blob: BlobProperties) -> bool:
        for number in range(1, _MAX_TRIES + 1):
            delivery = counted(number, _MAX_TRIES, noun="delivery")
            client = container.get_blob_client(blob.name)
            if await run_for_blob(self._function, self._pattern, self._run, client, delivery):
                return True
        return False

    async def _store_as_poison(self, blob: BlobProperties) -> None:
        """Send the poison message, which names the blob and the function as the real host's does."""
        queue = (await self._accounts.queues(self._connection)).get_queue_client(_POISON_QUEUE)
        await create_if_missing(queue.create_queue())
        message = {
            "Type": "BlobTrigger",
            "FunctionId": f"Host.Functions.{self._function.name}",
            "BlobType": "BlockBlob",
            "ContainerName": blob.container,
            "BlobName": blob.name,
            "ETag": blob.etag,
        }
        await queue.send_message(encode_message(json.dumps(message).encode(), use_base64=True))
        log_poison(_MAX_TRIES, _POISON_QUEUE)


def pattern_of(function: Function, environ: Mapping[str, str]) -> PathPattern:
    """Return the path of a blob trigger. Raises InvalidFunction, SettingMissing."""
    path = resolve_references(function.trigger.fields["path"], environ, f"the path of '{function.name}'")
    try:
        return parse_pattern(path)
    except ValueError as error:
        raise InvalidFunction(function.name, str(error)) from None


async def run_for_blob(
    function: Function, pattern: PathPattern, run: Run, client: BlobClient, delivery: Attempt = ONLY
) -> bool:
    """Hand one blob to the function; whether it succeeded."""
    download = await client.download_blob()
    data = await download.readall()
    return await run(function, Datum(data, "bytes"), _metadata(client, download.properties, pattern), delivery)


def _metadata(client: BlobClient, properties: Any, pattern: PathPattern) -> dict[str, Datum]:
    details = {
        "ContentLength": properties.size,
        "ContentType": properties.content_settings.content_type,
        "ETag": properties.etag,
        "LastModified": properties.last_modified.isoformat(),
    }
    placeholders = pattern.match(client.blob_name) or {}
    return {
        "BlobTrigger": Datum(f"{client.container_name}/{client.blob_name}", "string"),
        "Uri": Datum(json.dumps(client.url), "json"),
        "Properties": Datum(json.dumps(details), "json"),
        "Metadata": Datum(json.dumps(dict(properties.metadata or {})), "json"),
        **{name: Datum(value, "string") for name, value in placeholders.items()},
    }


async def _blob_client(services: BindingServices, connection: str, path: str) -> BlobClient:
    container, _, name = path.strip("/").partition("/")
    client: BlobClient = (await services.accounts.blobs(connection)).get_blob_client(container, name)
    return client


def _reason(_: Function, metadata: Mapping[str, Datum]) -> str:
    found = metadata.get("BlobTrigger")
    return f"New blob detected(LogsAndContainerScan): {found.value}" if found else "(null)"


register(TriggerType(name="blobTrigger", source=BlobTriggers, reason=_reason))
register(InputType(name="blob", source=BlobInputs))
register(OutputType(name="blob", target=BlobOutputs))
