"""The adapters, connected to the stand-ins: the real SDKs, over real HTTP."""

from collections.abc import Iterator

import pytest

from adapters.easypost.carrier import EasyPostCarrier
from adapters.stripe.payments import StripePayments
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import WAREHOUSE
from tests.integration.adapters.scripted import Script, scripted_provider
from tests.integration.adapters.scripted_easypost import KEY


@pytest.fixture
def payments(sandbox: Sandbox) -> StripePayments:
    return StripePayments.connect("sk_test_adapters", sandbox.url)


@pytest.fixture
def carrier(sandbox: Sandbox) -> EasyPostCarrier:
    return EasyPostCarrier.connect("EZTK_adapters", sandbox.easypost_url, WAREHOUSE)


@pytest.fixture
def script() -> Iterator[Script]:
    """Yield a provider that answers from a script."""
    with scripted_provider() as running:
        yield running


@pytest.fixture
def scripted_carrier(script: Script) -> EasyPostCarrier:
    """Connect a carrier to the provider that answers from a script, with a key that may appear nowhere."""
    return EasyPostCarrier.connect(KEY, f"{script.url}/v2", WAREHOUSE)
