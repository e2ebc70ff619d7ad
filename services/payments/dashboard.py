"""Where a person looks at a payment: on the provider's own pages."""

from typing import Final

from domain.payments.providers import STRIPE
from services.container import services

_TEST_KEYS: Final = ("sk_test_", "rk_test_")


def dashboard_address(provider: str, payment_id: str | None) -> str | None:
    """Return the address of a payment's page; None where the provider has none, or a stand-in takes its place."""
    settings = services().settings
    if provider != STRIPE or payment_id is None or settings.stripe_api_base is not None:
        return None
    mode = "test/" if settings.stripe_api_key.startswith(_TEST_KEYS) else ""
    return f"https://dashboard.stripe.com/{mode}payments/{payment_id}"
