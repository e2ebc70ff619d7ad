"""Queue messages on the wire, and what the types of storage bindings share."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable

from local_host.app.function import Binding
from local_host.engine.log_categories import host_logger

_poison_log = host_logger("Microsoft.Azure.WebJobs.Host.Queues.QueueProcessor")


class KnownToExist:
    """Creates each queue and container the first time that something is sent there."""

    def __init__(self) -> None:
        self._existing: set[tuple[str, str]] = set()

    async def ensure(self, connection: str, what: str, create: Callable[[], Awaitable[object]]) -> None:
        """Create a queue or container unless it is known. `what` names it among those of the connection."""
        if (connection, what) not in self._existing:
            await create_if_missing(create())
            self._existing.add((connection, what))


def connection_of(binding: Binding) -> str:
    """Return the name of the setting that says where the storage account is; empty for the default one."""
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
    """Return the text of a queue message on the wire."""
    return base64.b64encode(body).decode() if use_base64 else body.decode("utf-8")


def decode_message(text: str, *, use_base64: bool) -> bytes:
    """Return the body of a queue message.

    Raises:
        ValueError: The text is not what `messageEncoding` says.
    """
    return base64.b64decode(text, validate=True) if use_base64 else text.encode("utf-8")
