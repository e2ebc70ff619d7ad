"""What every payment adapter promises (`domain.ports.PaymentProvider`), held against the provider's own ledger."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.errors import ProviderRefused, ProviderUnavailable
from domain.payments.listing import FindPayment, ListPayments, ProviderPayment
from domain.payments.payment import CancelPaymentRequest, CaptureRequest, PaymentRequest
from domain.ports import PaymentProvider
from domain.workflows.steps import Outcome, StepResult
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import until_answered
from tests.integration.contracts.payment_sides import AMOUNT, InvoiceSide, Money, PaymentSide, StripeSide

NOTHING = Money(held=0, kept=0)
HELD = Money(held=AMOUNT, kept=0)
TAKEN = Money(held=0, kept=AMOUNT)
FEW_CALLS = range(1, 7)
"""No operation makes more calls than this before it is done."""


@pytest.fixture(params=["stripe", "invoice"])
def side(request: pytest.FixtureRequest) -> PaymentSide:
    if request.param == "stripe":
        sandbox: Sandbox = request.getfixturevalue("sandbox")
        return StripeSide(sandbox)
    return InvoiceSide(request.getfixturevalue("storage_connection"))


def capture(request: PaymentRequest, payment_id: str | None) -> CaptureRequest:
    return CaptureRequest(
        order_id=request.order_id,
        payment_id=str(payment_id),
        amount_cents=request.amount_cents,
        currency=request.currency,
        namespace=request.namespace,
        provider=request.provider,
    )


def cancellation(request: PaymentRequest, payment_id: str | None = None) -> CancelPaymentRequest:
    return CancelPaymentRequest(payment=request, payment_id=payment_id)


def everything(request: PaymentRequest, **changes: Any) -> ListPayments:
    """Return what asks for all payments of the request's shop, however the provider's clock was moved."""
    now = datetime.now(UTC)
    span = {"since": now - timedelta(days=1), "until": now + timedelta(days=1)}
    return ListPayments(**{"provider": request.provider, "namespace": request.namespace} | span | changes)


def one(request: PaymentRequest, payment_id: str) -> FindPayment:
    return FindPayment(provider=request.provider, namespace=request.namespace, payment_id=payment_id)


def listed(side: PaymentSide, wanted: ListPayments) -> dict[str, ProviderPayment]:
    """Return what is on all pages, by id."""
    found: dict[str, ProviderPayment] = {}
    cursor: str | None = None
    while True:
        page = side.provider.list_payments(wanted.model_copy(update={"cursor": cursor}))
        found |= {payment.payment_id: payment for payment in page.items}
        cursor = page.cursor
        if cursor is None:
            return found


def authorised(side: PaymentSide, request: PaymentRequest) -> str:
    result = side.provider.authorise(request)
    assert result.outcome is Outcome.DONE, result
    assert result.reference
    return result.reference


def test_an_authorisation_holds_the_money_once_however_often_it_is_sent(side: PaymentSide) -> None:
    request = side.request()
    assert authorised(side, request) == authorised(side, request)
    assert side.money() == HELD


def test_a_capture_takes_the_money_once_however_often_it_is_sent(side: PaymentSide) -> None:
    request = side.request()
    taking = capture(request, authorised(side, request))
    first, second = side.provider.capture(taking), side.provider.capture(taking)
    assert first == second
    assert first.outcome is Outcome.DONE
    assert side.money() == TAKEN
    assert authorised(side, request) == taking.payment_id, "a late repeat of the authorisation finds it"


def test_an_immediate_capture_takes_the_money_with_the_authorisation(side: PaymentSide) -> None:
    request = side.request(capture="immediate")
    payment_id = authorised(side, request)
    assert side.money() == TAKEN
    assert side.provider.capture(capture(request, payment_id)).outcome is Outcome.DONE
    assert side.money() == TAKEN


def test_a_declined_payment_is_a_refusal_and_holds_nothing(side: PaymentSide) -> None:
    request = side.refused()
    for _ in range(2):
        result = side.provider.authorise(request)
        assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "payment_declined")
    assert side.provider.cancel(cancellation(request)).message == "nothing_to_compensate"
    assert side.money() == NOTHING


@pytest.mark.parametrize("knows_id", [True, False])
def test_a_held_payment_is_voided_and_stays_so(side: PaymentSide, knows_id: bool) -> None:
    request = side.request()
    payment_id = authorised(side, request)
    for _ in range(2):
        result = side.provider.cancel(cancellation(request, payment_id if knows_id else None))
        assert (result.outcome, result.message) == (Outcome.DONE, "voided")
    assert side.money() == NOTHING
    assert side.provider.capture(capture(request, payment_id)).reason_code == "payment_cancelled"
    assert side.provider.authorise(request).reason_code == "payment_cancelled"
    assert side.money() == NOTHING


@pytest.mark.parametrize("knows_id", [True, False])
@pytest.mark.parametrize("mode", ["after_shipping", "immediate"])
def test_a_taken_payment_is_refunded_once(side: PaymentSide, mode: str, knows_id: bool) -> None:
    request = side.request(capture=mode)
    payment_id = authorised(side, request)
    assert side.provider.capture(capture(request, payment_id)).outcome is Outcome.DONE
    for _ in range(2):
        result = side.provider.cancel(cancellation(request, payment_id if knows_id else None))
        assert (result.outcome, result.message) == (Outcome.DONE, "refunded")
    assert side.money() == NOTHING
    assert side.provider.authorise(request).outcome is not Outcome.FAULTED
    assert side.money() == NOTHING, "a payment that was given back is not taken again"


def test_a_cancellation_before_the_authorisation_stops_it(side: PaymentSide) -> None:
    request = side.request()
    for _ in range(2):
        result = side.provider.cancel(cancellation(request))
        assert (result.outcome, result.message) == (Outcome.DONE, "nothing_to_compensate")
    assert side.provider.authorise(request).reason_code == "payment_cancelled"
    assert side.money() == NOTHING


def test_what_was_never_authorised_cannot_be_captured(side: PaymentSide) -> None:
    result = side.provider.capture(capture(side.request(), "nothing"))
    assert result.outcome is Outcome.FAULTED
    assert side.money() == NOTHING


def test_a_capture_of_another_amount_takes_nothing_more(side: PaymentSide) -> None:
    request = side.request()
    taking = capture(request, authorised(side, request))
    more = taking.model_copy(update={"amount_cents": AMOUNT + 1})
    assert side.provider.capture(more).outcome is Outcome.FAULTED
    assert side.money().kept == 0


@pytest.mark.parametrize("state", ["held", "taken"])
def test_the_payment_of_another_order_with_this_id_is_left_alone(side: PaymentSide, state: str) -> None:
    theirs, ours = side.request(), side.request(amount_cents=AMOUNT - 1)
    payment_id = authorised(side, theirs)
    if state == "taken":
        side.provider.capture(capture(theirs, payment_id))
    before = side.money()
    assert side.provider.authorise(ours).outcome is Outcome.FAULTED
    assert side.provider.cancel(cancellation(ours)).outcome in (Outcome.FAULTED, Outcome.DONE)
    assert side.provider.cancel(cancellation(ours, payment_id)).outcome is Outcome.FAULTED
    assert side.money() == before


@pytest.mark.parametrize("lost", FEW_CALLS)
@pytest.mark.parametrize("operation", ["authorise", "immediate", "capture", "void", "refund", "barrier"])
def test_an_unanswered_insert_changes_nothing(side: PaymentSide, operation: str, lost: int) -> None:
    request = side.request(capture="immediate" if operation == "immediate" else "after_shipping")
    payment_id = "" if operation in ("authorise", "immediate", "barrier") else authorised(side, request)
    if operation == "refund":
        side.provider.capture(capture(request, payment_id))

    def send(provider: PaymentProvider) -> StepResult:
        if operation in ("authorise", "immediate"):
            return provider.authorise(request)
        if operation == "capture":
            return provider.capture(capture(request, payment_id))
        return provider.cancel(cancellation(request))

    with side.losing(lost) as provider:
        result = until_answered(lambda: send(provider))
    assert result.outcome is Outcome.DONE, result
    expected = {"authorise": HELD, "immediate": TAKEN, "capture": TAKEN}.get(operation, NOTHING)
    assert side.money() == expected
    assert send(side.provider).outcome is Outcome.DONE
    assert side.money() == expected


def test_a_provider_that_is_away_is_worth_another_try_and_its_error_says_nothing_private(side: PaymentSide) -> None:
    away, request = side.away(), side.request()
    for call in (
        lambda: away.authorise(request),
        lambda: away.capture(capture(request, "pi_1")),
        lambda: away.cancel(cancellation(request)),
        lambda: away.list_payments(everything(request)),
        lambda: away.find_payment(one(request, "pi_1")),
    ):
        with pytest.raises(ProviderUnavailable) as caught:
            call()
        assert not any(text in str(caught.value) for text in ("pm_", "ada", "sk_test"))
        assert caught.value.__cause__ is None


def test_the_same_authorisation_from_many_at_once_holds_the_money_once(side: PaymentSide) -> None:
    request = side.request()
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: until_answered(lambda: side.provider.authorise(request)), range(8)))
    assert {result.outcome for result in results} == {Outcome.DONE}
    assert len({result.reference for result in results}) == 1
    assert side.money() == HELD


@pytest.mark.parametrize("step", ["authorise", "capture"])
def test_a_cancellation_that_races_a_step_leaves_nothing_behind(side: PaymentSide, step: str) -> None:
    for number in range(4):
        request = side.request(f"order-{number}", customer_id=f"customer-{number}")
        payment_id = "" if step == "authorise" else authorised(side, request)

        def forward(request: PaymentRequest = request, payment_id: str = payment_id) -> StepResult:
            if step == "authorise":
                return until_answered(lambda: side.provider.authorise(request))
            return until_answered(lambda: side.provider.capture(capture(request, payment_id)))

        def back(request: PaymentRequest = request) -> StepResult:
            return until_answered(lambda: side.provider.cancel(cancellation(request)))

        with ThreadPoolExecutor(2) as pool:
            forwards, backwards = pool.submit(forward), pool.submit(back)
            assert forwards.result().outcome in (Outcome.DONE, Outcome.REFUSED)
            assert backwards.result().outcome is Outcome.DONE
        assert side.money(request.order_id) == NOTHING


# -- what the reconciliation reads


def amounts(payment: ProviderPayment) -> tuple[int, int, int, bool]:
    return payment.held_cents, payment.captured_cents, payment.refunded_cents, payment.has_ended


def test_every_payment_is_listed_as_it_is_now(side: PaymentSide) -> None:
    held, taken, voided, refunded = (side.request(f"order-{number}", customer_id=f"c-{number}") for number in range(4))
    ids = {each.order_id: authorised(side, each) for each in (held, taken, voided, refunded)}
    for each in (taken, refunded):
        side.provider.capture(capture(each, ids[each.order_id]))
    for each in (voided, refunded):
        side.provider.cancel(cancellation(each))
    found = listed(side, everything(held))
    expected = {
        held.order_id: (AMOUNT, 0, 0, False),
        taken.order_id: (0, AMOUNT, 0, True),
        voided.order_id: (0, 0, 0, True),
        refunded.order_id: (0, AMOUNT, AMOUNT, True),
    }
    assert {payment.order_id: amounts(payment) for payment in found.values()} == expected
    assert {payment.order_id: payment.payment_id for payment in found.values()} == ids
    for payment in found.values():
        assert side.provider.find_payment(one(held, payment.payment_id)) == payment
        assert (payment.amount_cents, payment.currency, payment.provider) == (AMOUNT, "usd", held.provider)


def test_another_shops_payments_are_neither_listed_nor_found(side: PaymentSide) -> None:
    theirs = side.request(namespace="other.hub")
    payment_id = authorised(side, theirs)
    ours = side.request()
    assert listed(side, everything(ours)) == {}
    assert side.provider.find_payment(one(ours, payment_id)) is None
    assert side.provider.find_payment(one(ours, "nothing")) is None


def test_a_payment_is_in_the_span_in_which_it_was_made_and_in_that_in_which_it_was_paid_back(side: PaymentSide) -> None:
    request = side.request()
    payment_id = authorised(side, request)
    side.provider.capture(capture(request, payment_id))
    made_before = side.later()
    assert set(listed(side, everything(request, until=made_before))) == {payment_id}
    assert listed(side, everything(request, since=made_before)) == {}
    side.provider.cancel(cancellation(request))
    assert amounts(listed(side, everything(request, since=made_before))[payment_id]) == (0, AMOUNT, AMOUNT, True)


def test_a_cursor_of_another_list_is_refused(side: PaymentSide) -> None:
    with pytest.raises(ProviderRefused):
        side.provider.list_payments(everything(side.request(), cursor="payments:nothing"))
