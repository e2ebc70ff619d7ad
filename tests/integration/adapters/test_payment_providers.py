"""A payment goes where it says, whatever the shop offers today."""

import pytest

from adapters.payment_providers import PaymentProviders
from adapters.stripe.payments import StripePayments
from domain.payments.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.payments.providers import STRIPE
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import AMOUNT, ORDER, payment


@pytest.fixture
def providers(sandbox: Sandbox) -> PaymentProviders:
    return PaymentProviders({STRIPE: lambda: StripePayments.connect("sk_test_adapters", sandbox.url)})


def test_a_payload_of_before_there_were_several_providers_is_stripes(
    providers: PaymentProviders, sandbox: Sandbox
) -> None:
    old = payment().to_wire()
    del old["provider"]
    request = PaymentRequest.model_validate(old)
    payment_id = providers.authorise(request).reference
    old_capture = {"order_id": ORDER, "payment_id": payment_id, "amount_cents": AMOUNT, "currency": "usd"}
    assert providers.capture(CaptureRequest.model_validate(old_capture)).outcome is Outcome.DONE
    assert providers.cancel(CancelPaymentRequest(payment=request)).message == "refunded"
    assert sandbox.totals()["refunded"] == AMOUNT


def test_a_provider_that_is_not_known_is_a_clear_fault(providers: PaymentProviders, sandbox: Sandbox) -> None:
    gone = payment(provider="barter")
    taking = CaptureRequest(order_id=ORDER, payment_id="x", amount_cents=AMOUNT, currency="usd", provider="barter")
    for result in (
        providers.authorise(gone),
        providers.capture(taking),
        providers.cancel(CancelPaymentRequest(payment=gone)),
    ):
        assert (result.outcome, result.reason_code) == (Outcome.FAULTED, "payment_provider_unknown")
        assert "barter" in str(result.message)
    assert sandbox.calls() == []
