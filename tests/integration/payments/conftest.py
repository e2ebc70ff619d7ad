"""A shop whose payments are reconciled, and its account at the provider."""

import json
from collections.abc import AsyncIterator

import pytest
from stripe import StripeClient

from tests.support.shop import Shop, running_shop, use_settings


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    """Run a shop with ten mugs whose reconciliation waits for nothing."""
    offered = {"PAYMENT_PROVIDERS": "stripe,invoice", "INVOICE_CREDIT_CENTS": json.dumps({"usd": 50_000})}
    use_settings(monkeypatch, storage_connection, sandbox, PAYMENT_RECONCILIATION_GRACE_S="0", **offered)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        yield running


@pytest.fixture
def account(sandbox) -> StripeClient:
    """Return the shop's account at Stripe, as a person at the dashboard uses it."""
    return StripeClient("sk_test_by_hand", base_addresses={"api": sandbox.url})
