"""What the listing of payments reads of an account, page by page, and what it costs."""

from datetime import UTC, datetime, timedelta

import pytest
from stripe import StripeClient

from adapters.stripe.payments import StripePayments
from domain.errors import ProviderRefused
from domain.payments.listing import FindPayment, ListPayments
from domain.payments.providers import STRIPE
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import AMOUNT, payment

NAMESPACE = "shop.Hub"


@pytest.fixture
def account(sandbox: Sandbox) -> StripeClient:
    """Return the account itself, as any other program uses it."""
    return StripeClient("sk_test_other", base_addresses={"api": sandbox.url})


@pytest.fixture
def payments(sandbox: Sandbox) -> StripePayments:
    return StripePayments.connect("sk_test_listing", sandbox.url)


def wanted(cursor: str | None = None) -> ListPayments:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    return ListPayments(provider=STRIPE, namespace=NAMESPACE, since=now - day, until=now + day, cursor=cursor)


def test_a_page_is_one_call_however_many_payments_the_account_has(
    payments: StripePayments, sandbox: Sandbox, account: StripeClient
) -> None:
    ours = str(payments.authorise(payment(namespace=NAMESPACE)).reference)
    for number in range(101):
        account.v1.payment_intents.create({"amount": AMOUNT, "currency": "usd", "metadata": {"order_id": str(number)}})
    first = payments.list_payments(wanted())
    assert first.items == []
    second = payments.list_payments(wanted(first.cursor))
    assert [each.payment_id for each in second.items] == [ours]
    third = payments.list_payments(wanted(second.cursor))
    assert (third.items, third.cursor) == ([], None)
    calls = [call["operation"] for call in sandbox.calls()]
    assert (calls.count("payment_intents.list"), calls.count("refunds.list")) == (2, 1)
    assert "payment_intents.retrieve" not in calls


def test_a_partial_refund_by_hand_shows_in_the_list_and_by_the_id(
    payments: StripePayments, account: StripeClient
) -> None:
    request = payment(namespace=NAMESPACE, capture="immediate")
    ours = str(payments.authorise(request).reference)
    account.v1.refunds.create({"payment_intent": ours, "amount": 700})
    [listed] = payments.list_payments(wanted()).items
    assert (listed.captured_cents, listed.refunded_cents) == (AMOUNT, 700)
    found = payments.find_payment(FindPayment(provider=STRIPE, namespace=NAMESPACE, payment_id=ours))
    assert found == listed


def test_a_refund_that_fails_weeks_later_is_listed_on_the_first_span_of_a_day(
    payments: StripePayments, account: StripeClient, sandbox: Sandbox
) -> None:
    ours = str(payments.authorise(payment(namespace=NAMESPACE, capture="immediate")).reference)
    refund = account.v1.refunds.create({"payment_intent": ours, "amount": 700})
    account.v1.refunds.create({"payment_intent": ours, "amount": 300})
    sandbox.post(f"/refunds/{refund.id}", {"status": "failed"})
    midnight = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=30)
    found = {}
    for since in (midnight - timedelta(minutes=30), midnight + timedelta(hours=1)):
        span = wanted("refunds").model_copy(update={"since": since, "until": since + timedelta(hours=1)})
        found[since < midnight] = payments.list_payments(span).items
    [listed] = found[True]
    assert (listed.refunded_cents, listed.failed_refund_cents, listed.kept_cents) == (300, 700, AMOUNT - 300)
    assert found[False] == [], "once a day is enough"


def test_an_account_that_does_not_list_for_this_key_is_a_refusal_and_not_an_outage(sandbox: Sandbox) -> None:
    with pytest.raises(ProviderRefused):
        StripePayments.connect("no key at all", sandbox.url).list_payments(wanted())
