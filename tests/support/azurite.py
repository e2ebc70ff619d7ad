"""The real storage emulator for tests: one process per test session, one fresh storage account per test.

Separate accounts share nothing, so tests need no unique names, run in parallel, and never meet what another one left.
"""

import base64
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

from adapters.azure_storage.storage import Storage
from scripts.node import require_node
from settings import StorageLocation

_AZURITE = Path(__file__).parents[2] / "node_modules/azurite/dist/src/azurite.js"
_KEY = base64.b64encode(b"only the emulator accepts this key").decode()
_MOST_ACCOUNTS = 2_000
_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at (http://\S+)")


class Azurite:
    """A running emulator. ports were chosen by the system, data lives in its memory."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._unused = count()

    def new_account(self) -> str:
        """The connection string of a storage account that nobody has used."""
        number = next(self._unused)
        assert number < _MOST_ACCOUNTS, "more tests than storage accounts: raise _MOST_ACCOUNTS"
        name = _account_name(number)
        services = (f"{service}Endpoint={base}/{name};" for service, base in self._addresses.items())
        return f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={_KEY};" + "".join(services)


@contextmanager
def running_azurite() -> Iterator[Azurite]:
    """An emulator that ends with the block."""
    accounts = ";".join(f"{_account_name(number)}:{_KEY}" for number in range(_MOST_ACCOUNTS))
    ports = ("--blobPort", "0", "--queuePort", "0", "--tablePort", "0")
    process = subprocess.Popen(
        [
            str(require_node().node),
            str(_AZURITE),
            "--inMemoryPersistence",
            "--skipApiVersionCheck",
            "--disableTelemetry",
            "--silent",
            *ports,
        ],
        env={**os.environ, "AZURITE_ACCOUNTS": accounts},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield Azurite(_addresses(process))
    finally:
        process.kill()  # nothing to lose: the data lives in its memory
        process.communicate()


def _addresses(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    said: list[str] = []
    found: dict[str, str] = {}
    for line in process.stdout:
        said.append(line)
        if match := _LISTENING.search(line):
            found[match[1]] = match[2]
        if len(found) == 3:
            return found
    raise AssertionError("Azurite did not start (run `make setup` first?): " + "".join(said))


def _account_name(number: int) -> str:
    return f"test{number:05}"


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with running_azurite() as emulator:
        yield emulator


@pytest.fixture
def storage_connection(azurite: Azurite) -> str:
    """The connection string of an empty storage account."""
    return azurite.new_account()


@pytest.fixture
def storage_location(storage_connection: str) -> StorageLocation:
    """An empty storage account, as the settings describe it."""
    return StorageLocation(connection_string=storage_connection)


@pytest.fixture
def storage(storage_location: StorageLocation) -> Storage:
    """An empty storage account, as the stores use it."""
    return Storage(storage_location)
