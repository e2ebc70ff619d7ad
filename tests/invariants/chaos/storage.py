"""Azurite as a part of a shop that can be stopped, paused and killed, without forgetting what it has acknowledged.

Azurite writes its tables and queues to disk every few seconds, and killed it forgets the last of them, which Azure Storage never
does. So it is killed only when all that it has acknowledged is on disk, and with requests that it has not begun to answer.
"""

import asyncio
import json
import os
import signal
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from scripts.azurite import Ports, listening_ports, start_azurite
from scripts.service import Service, wait_until_ready

_MARKS: Final = "marks"
_SAVE_TIMEOUT_S: Final = 120
_SAVE_POLL_INTERVAL_S: Final = 0.2


@dataclass
class Storage:
    """Azurite on a folder and on ports of its own, which it keeps.

    Attributes:
        writing: Held by those who write past the host, and while nothing may be written.
    """

    folder: Path
    ports: Ports = field(default_factory=lambda: Ports(0, 0, 0))
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _service: Service | None = None

    @property
    def data(self) -> Path:
        """The folder of its files."""
        return self.folder / "data"

    def start(self) -> None:
        """Wait until it accepts requests."""
        self._service = start_azurite(self.data, self.ports, log=self.folder / "azurite.log")
        wait_until_ready([self._service])
        self.ports = listening_ports(self._service)

    def stop(self) -> None:
        """In good order. Safe to repeat."""
        if self._service is not None:
            self._service.stop()

    def kill(self) -> None:
        """At once, with whatever it is doing."""
        self.send(signal.SIGKILL)
        self.stop()

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self._service
        os.kill(self._service.pid, number)

    async def until_saved(self) -> None:
        """Wait until what it has acknowledged is on disk. Nothing may be written meanwhile."""
        for _ in range(2):  # what it had in hand when the writers were stopped may have been done after the first mark
            marks = await asyncio.to_thread(_mark, self.ports.connection_string)
            await asyncio.to_thread(self._wait_for, marks)

    def _wait_for(self, marks: dict[str, str]) -> None:
        deadline = time.monotonic() + _SAVE_TIMEOUT_S
        while not _is_saved(self.data, marks):
            assert time.monotonic() < deadline, "Azurite saves nothing"
            time.sleep(_SAVE_POLL_INTERVAL_S)


def _mark(connection_string: str) -> dict[str, str]:
    """Write one more thing of each kind. Return by what its row is known, per service."""
    name = uuid.uuid4().hex
    table = TableServiceClient.from_connection_string(connection_string).create_table_if_not_exists(_MARKS)
    table.create_entity({"PartitionKey": _MARKS, "RowKey": name})
    queue = QueueServiceClient.from_connection_string(connection_string).get_queue_client(_MARKS)
    container = BlobServiceClient.from_connection_string(connection_string).get_container_client(_MARKS)
    for create in (queue.create_queue, container.create_container):
        with suppress(ResourceExistsError):
            create()
    container.upload_blob(name, name)
    return {"table": name, "queue": queue.send_message(name).id, "blob": name}


def _is_saved(data: Path, marks: dict[str, str]) -> bool:
    """Return whether the rows of all marks are in the files, and the places of their contents with them."""
    for service, mark in marks.items():
        rows = [row for row in _rows(data / f"__azurite_db_{service}__.json") if mark in json.dumps(row)]
        if not rows:
            return False
        contents = [row["persistency"]["id"] for row in rows if row.get("persistency")]
        extents = data / f"__azurite_db_{service}_extent__.json"
        if not all(content in extents.read_text(encoding="utf-8") for content in contents):
            return False
    return True


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        collections = json.loads(path.read_text(encoding="utf-8"))["collections"]
    except FileNotFoundError:  # it is being replaced
        return
    for collection in collections:
        yield from collection["data"]
