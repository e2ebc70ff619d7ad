"""A sandbox per test, and the providers' own SDKs pointed at it."""

from collections.abc import Iterator

import pytest
import stripe
from easypost.easypost_client import EasyPostClient

from sandbox.testing import Sandbox, running_sandbox


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def shop(sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_sandbox", base_addresses={"api": sandbox.url})


@pytest.fixture
def carrier(sandbox: Sandbox) -> Iterator[EasyPostClient]:
    client = EasyPostClient("EZTK_sandbox", api_base=sandbox.easypost_url)
    yield client
    client._requests_session.close()
