"""An empty storage account per test, as the app's settings describe it and as its stores use it."""

import pytest

from adapters.azure_storage.storage import Storage
from settings import StorageLocation

pytest_plugins = ["local_host.testing.azurite"]


@pytest.fixture
def storage_location(storage_connection: str) -> StorageLocation:
    """Return an empty storage account, as the settings describe it."""
    return StorageLocation(connection_string=storage_connection)


@pytest.fixture
def storage(storage_location: StorageLocation) -> Storage:
    """Return an empty storage account, as the stores use it."""
    return Storage(storage_location)
