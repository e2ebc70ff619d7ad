"""The adapters, connected to the stand-ins: the real SDKs, over real HTTP."""

from collections.abc import Iterator

import pytest

from adapters.easypost_carrier import EasyPostCarrier
from adapters.storage import Storage
from adapters.stripe_payments import StripePayments
from sandbox.testing import Sandbox
from settings import StorageLocation
from tests.adapters.examples import WAREHOUSE
from tests.adapters.scripted import Script, scripted_provider


@pytest.fixture
def payments(sandbox: Sandbox) -> StripePayments:
    return StripePayments.connect("sk_test_adapters", sandbox.url)


@pytest.fixture
def carrier(sandbox: Sandbox) -> EasyPostCarrier:
    return EasyPostCarrier.connect("EZTK_adapters", sandbox.easypost_url, WAREHOUSE)


@pytest.fixture
def storage(storage_location: StorageLocation) -> Storage:
    return Storage(storage_location)


@pytest.fixture
def script() -> Iterator[Script]:
    """A provider that answers from a script."""
    with scripted_provider() as running:
        yield running
