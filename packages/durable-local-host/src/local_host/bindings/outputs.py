"""What a function sends through output bindings: queue messages and blobs. They go out only when the function succeeds."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING

from azure.functions.meta import Datum

from local_host.app.settings import resolve_references
from local_host.bindings.path_pattern import fill_path
from local_host.bindings.storage import StorageAccounts
from local_host.log_categories import host_logger

if TYPE_CHECKING:
    from local_host.app.index import Binding, Function

_poison_log = host_logger("Microsoft.Azure.WebJobs.Host.Queues.QueueProcessor")


class OutputSender:
    """Sends outputs of one app. A value that was never set sends nothing."""

    def __init__(
        self, accounts: StorageAccounts, *, base64_queues: bool, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._accounts = accounts
        self._base64 = base64_queues
        self._environ = environ
        # Queues and containers that are known to exist.
        self._existing: set[tuple[str, str]] = set()

    async def send(self, function: Function, outputs: Mapping[str, Datum], values: Mapping[str, str]) -> None:
        """values: for the placeholders in names and paths.

        Raises ValueError for a name or path that cannot be filled, SettingMissing.
        """
        for binding in function.outputs:
            if binding.name in outputs:
                await self._send_one(binding, outputs[binding.name], values)

    async def _send_one(self, binding: Binding, datum: Datum, values: Mapping[str, str]) -> None:
        if binding.type == "queue":
            await self._send_messages(binding, datum, values)
        else:
            await self._write_blob(binding, datum, values)

    async def _send_messages(self, binding: Binding, datum: Datum, values: Mapping[str, str]) -> None:
        text = resolve_references(binding.fields["queueName"], self._environ, "a queue output's queueName")
        name = fill_path(text, values)
        queue = (await self._accounts.queues(_connection(binding))).get_queue_client(name)
        await self._ensure(binding, f"queue {name}", queue.create_queue)
        for body in _message_bodies(datum):
            await queue.send_message(encode_message(body, use_base64=self._base64))

    async def _write_blob(self, binding: Binding, datum: Datum, values: Mapping[str, str]) -> None:
        path = fill_path(resolve_references(binding.fields["path"], self._environ, "a blob output's path"), values)
        container_name, _, blob_name = path.strip("/").partition("/")
        container = (await self._accounts.blobs(_connection(binding))).get_container_client(container_name)
        await self._ensure(binding, f"container {container_name}", container.create_container)
        await container.upload_blob(blob_name, datum.value, overwrite=True)

    async def _ensure(self, binding: Binding, what: str, create: Callable[[], Awaitable[object]]) -> None:
        """Create a queue or container the first time that something is sent there."""
        key = (_connection(binding), what)
        if key not in self._existing:
            await create_if_missing(create())
            self._existing.add(key)


def _connection(binding: Binding) -> str:
    return str(binding.fields.get("connection") or "")


async def create_if_missing(creation: Awaitable[object]) -> None:
    """Await the creation of a queue or container, which may exist."""
    from azure.core.exceptions import ResourceExistsError

    try:
        await creation
    except ResourceExistsError:
        return


def log_poison(most: int, queue: str) -> None:
    """Log that a message failed too often and where it is now, in the words of the real host."""
    _poison_log.warning("Message has reached MaxDequeueCount of %d. Moving message to queue '%s'.", most, queue)


def encode_message(body: bytes, *, use_base64: bool) -> str:
    """The text of a queue message on the wire."""
    return base64.b64encode(body).decode() if use_base64 else body.decode("utf-8")


def decode_message(text: str, *, use_base64: bool) -> bytes:
    """Raises ValueError when the text is not what `messageEncoding` says."""
    return base64.b64decode(text, validate=True) if use_base64 else text.encode("utf-8")


def _message_bodies(datum: Datum) -> list[bytes]:
    """A text or bytes is one message; a message object sends its body; a list is several messages."""
    if datum.type == "bytes":
        return [bytes(datum.value)]
    if datum.type == "string":
        return [datum.value.encode()]
    value = json.loads(datum.value)
    items = value if isinstance(value, list) else [value]
    return [(item["body"] if isinstance(item, dict) else item).encode() for item in items]
