"""What several suites share."""

from collections.abc import Iterator

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.order_repository import OrderRepository
from tests.integration.adapters.scripted import Script, scripted_provider


@pytest.fixture
def script() -> Iterator[Script]:
    """Yield a provider that answers from a script."""
    with scripted_provider() as running:
        yield running


@pytest.fixture
def repository(storage: Storage) -> OrderRepository:
    """Return the order repository, on the storage emulator."""
    return OrderRepository(storage)
