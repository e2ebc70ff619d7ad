"""Answers of Stripe, and the outcomes that the saga gets from them."""

from datetime import UTC, datetime, timedelta

import pytest
from stripe import StripeClient

from adapters.stripe.payments import StripePayments
from domain.errors import ProviderUnavailable
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import AMOUNT, ORDER, capture, compensation, payment

LONG_AGO = datetime.now(UTC) - timedelta(days=3)


def ledger(sandbox: Sandbox) -> tuple[int, int, int, int]:
    """authorised, captured, refunded, voided, over all payments."""
    totals = sandbox.totals()
    return totals["authorised"], totals["captured"], totals["refunded"], totals["voided"]


def test_authorising_holds_the_money_and_takes_none(payments: StripePayments, sandbox: Sandbox) -> None:
    result = payments.authorise(payment())
    assert result.outcome is Outcome.DONE
    assert [(row["id"], row["authorised"], row["captured"]) for row in sandbox.payments(ORDER)] == [
        (result.reference, AMOUNT, 0)
    ]


def test_authorising_twice_holds_the_money_once(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment()
    assert payments.authorise(request) == payments.authorise(request)
    assert ledger(sandbox) == (AMOUNT, 0, 0, 0)


def test_immediate_capture_takes_the_money_at_once(payments: StripePayments, sandbox: Sandbox) -> None:
    result = payments.authorise(payment(capture="immediate"))
    assert result.outcome is Outcome.DONE
    assert ledger(sandbox) == (AMOUNT, AMOUNT, 0, 0)


def test_capturing_twice_takes_the_money_once(payments: StripePayments, sandbox: Sandbox) -> None:
    payment_id = payments.authorise(payment()).reference
    first, second = payments.capture(capture(payment_id)), payments.capture(capture(payment_id))
    assert first == second
    assert first.outcome is Outcome.DONE
    assert ledger(sandbox) == (AMOUNT, AMOUNT, 0, 0)


def test_capturing_what_was_taken_at_once_is_done_already(payments: StripePayments, sandbox: Sandbox) -> None:
    payment_id = payments.authorise(payment(capture="immediate")).reference
    assert payments.capture(capture(payment_id)).outcome is Outcome.DONE
    assert ledger(sandbox) == (AMOUNT, AMOUNT, 0, 0)


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("pm_card_visa_chargeDeclined", "generic_decline"),
        ("pm_card_visa_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card"),
        ("pm_card_chargeDeclinedProcessingError", "processing_error"),
    ],
)
def test_a_declined_card_is_a_refusal_that_names_the_decline_code(
    payments: StripePayments, sandbox: Sandbox, method: str, code: str
) -> None:
    request = payment(payment_method=method)
    result = payments.authorise(request)
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "payment_declined")
    assert result.message == f"the card was declined ({code})"
    assert payments.authorise(request) == result, "a repeat must not try the card again"
    assert ledger(sandbox) == (0, 0, 0, 0)


def test_a_bank_that_wants_to_see_its_customer_is_a_refusal_of_its_own(
    payments: StripePayments, sandbox: Sandbox
) -> None:
    request = payment(payment_method="pm_card_authenticationRequired")
    result = payments.authorise(request)
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "action_required")
    assert payments.cancel(compensation(request)).message == "nothing_to_compensate"
    assert [row["status"] for row in sandbox.payments(ORDER)] == ["canceled"], "it cannot be completed later"


def test_an_unknown_payment_method_is_a_refusal(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment(payment_method="pm_does_not_exist")
    assert payments.authorise(request).reason_code == "payment_method_invalid"
    assert payments.cancel(compensation(request)).message == "nothing_to_compensate"
    assert sandbox.payments() == []


def test_an_amount_that_stripe_does_not_charge_is_a_refusal(payments: StripePayments) -> None:
    assert payments.authorise(payment(amount_cents=1)).reason_code == "amount_not_chargeable"


def test_a_wrong_api_key_is_a_fault_also_for_the_compensation(sandbox: Sandbox) -> None:
    stranger = StripePayments.connect("pk_test_public", sandbox.url)
    assert stranger.authorise(payment()).outcome is Outcome.FAULTED
    assert stranger.capture(capture("pi_1")).outcome is Outcome.FAULTED
    assert stranger.cancel(compensation(payment())).outcome is Outcome.FAULTED
    assert stranger.cancel(compensation(payment(), "pi_1")).outcome is Outcome.FAULTED


@pytest.mark.parametrize("method", ["pm_card_visa", "pm_sandbox_authorisationExpires"])
def test_an_expired_authorisation_is_a_refusal_to_capture(
    payments: StripePayments, sandbox: Sandbox, method: str
) -> None:
    payment_id = payments.authorise(payment(payment_method=method)).reference
    if method == "pm_card_visa":
        sandbox.post(f"/payments/{payment_id}/expire", {})
    result = payments.capture(capture(payment_id))
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "authorisation_expired")
    assert payments.capture(capture(payment_id)) == result
    assert ledger(sandbox) == (AMOUNT, 0, 0, AMOUNT)


def test_what_was_not_authorised_cannot_be_captured(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment(payment_method="pm_card_authenticationRequired")
    payment_id = payments.authorise(request).reference
    assert payments.capture(capture(payment_id)).outcome is Outcome.FAULTED
    assert ledger(sandbox) == (0, 0, 0, 0)


def test_more_than_was_authorised_cannot_be_captured(payments: StripePayments, sandbox: Sandbox) -> None:
    payment_id = payments.authorise(payment()).reference
    assert payments.capture(capture(payment_id, amount_cents=AMOUNT + 1)).outcome is Outcome.FAULTED
    assert ledger(sandbox) == (AMOUNT, 0, 0, 0)


def test_a_payment_that_is_still_being_processed_is_asked_for_again(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment(payment_method="pm_sandbox_processing")
    for _ in range(2):
        with pytest.raises(ProviderUnavailable):
            payments.authorise(request)
    [row] = sandbox.payments(ORDER)
    sandbox.post(f"/payments/{row['id']}/settle", {"succeed": True})
    result = payments.authorise(request)
    assert (result.outcome, result.reference) == (Outcome.DONE, row["id"])
    assert ledger(sandbox) == (AMOUNT, 0, 0, 0)


def test_a_payment_whose_processing_failed_is_declined(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment(payment_method="pm_sandbox_processing")
    with pytest.raises(ProviderUnavailable):
        payments.authorise(request)
    [row] = sandbox.payments(ORDER)
    sandbox.post(f"/payments/{row['id']}/settle", {"succeed": False})
    assert payments.authorise(request).reason_code == "payment_declined"


def test_compensating_an_authorisation_voids_it_once(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    assert payments.cancel(compensation(request, payment_id)).message == "voided"
    assert payments.cancel(compensation(request, payment_id)).message == "voided"
    assert payments.cancel(compensation(request)).message == "voided", "found without its id too"
    assert ledger(sandbox) == (AMOUNT, 0, 0, AMOUNT)


def test_compensating_a_capture_refunds_it_once(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    payments.capture(capture(payment_id))
    assert payments.cancel(compensation(request, payment_id)).message == "refunded"
    assert payments.cancel(compensation(request, payment_id)).message == "refunded"
    assert payments.cancel(compensation(request)).message == "refunded"
    assert ledger(sandbox) == (AMOUNT, AMOUNT, AMOUNT, 0)


def test_compensating_never_refunds_more_than_was_captured(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    payments.capture(capture(payment_id, amount_cents=2_000))
    _refund_by_hand(sandbox, payment_id, 700)
    assert payments.cancel(compensation(request, payment_id)).message == "refunded"
    assert ledger(sandbox) == (AMOUNT, 2_000, 2_000, 500)


def test_compensating_a_payment_that_was_never_asked_for_leaves_a_barrier(
    payments: StripePayments, sandbox: Sandbox
) -> None:
    request = payment()
    assert payments.cancel(compensation(request)).message == "nothing_to_compensate"
    late = payments.authorise(request)
    assert (late.outcome, late.reason_code) == (Outcome.REFUSED, "payment_cancelled")
    assert ledger(sandbox) == (0, 0, 0, 0)


def test_capturing_after_the_compensation_is_refused(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    payments.cancel(compensation(request, payment_id))
    late = payments.capture(capture(payment_id))
    assert (late.outcome, late.reason_code) == (Outcome.REFUSED, "payment_cancelled")
    assert ledger(sandbox) == (AMOUNT, 0, 0, AMOUNT)


def test_compensating_a_declined_payment_closes_it(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment(payment_method="pm_card_chargeDeclined")
    payments.authorise(request)
    assert payments.cancel(compensation(request)).message == "nothing_to_compensate"
    assert payments.cancel(compensation(request)).message == "nothing_to_compensate"
    assert [row["status"] for row in sandbox.payments(ORDER)] == ["canceled"]


def test_an_order_is_not_charged_anew_once_its_keys_are_forgotten(payments: StripePayments, sandbox: Sandbox) -> None:
    first = payments.authorise(payment(placed_at=LONG_AGO))
    sandbox.forget_keys()
    assert payments.authorise(payment(placed_at=LONG_AGO)) == first
    assert ledger(sandbox) == (AMOUNT, 0, 0, 0)


def test_an_old_payment_is_compensated_without_its_keys_and_its_id(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment(placed_at=LONG_AGO)
    payments.authorise(request)
    sandbox.forget_keys()
    assert payments.cancel(compensation(request)).message == "voided"
    assert ledger(sandbox) == (AMOUNT, 0, 0, AMOUNT)


def test_a_payment_of_another_amount_is_not_taken_for_this_one(payments: StripePayments, sandbox: Sandbox) -> None:
    payments.authorise(payment())
    assert payments.authorise(payment(amount_cents=AMOUNT + 100)).outcome is Outcome.FAULTED
    assert ledger(sandbox) == (AMOUNT, 0, 0, 0)


def test_every_write_carries_a_key_that_the_order_and_the_operation_give(
    payments: StripePayments, sandbox: Sandbox
) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    payments.capture(capture(payment_id))
    payments.cancel(compensation(request, payment_id))
    other = payment("order-2")
    payments.authorise(other)
    payments.cancel(compensation(other))
    writes = {call["operation"]: call["idempotency_key"] for call in sandbox.calls() if call["method"] == "POST"}
    assert writes == {
        "payment_intents.create": "order-2:create",
        "payment_intents.confirm": "order-2:authorise",
        "payment_intents.capture": "order-1:capture",
        "payment_intents.cancel": "order-2:void",
        "refunds.create": "order-1:refund",
    }


def _refund_by_hand(sandbox: Sandbox, payment_id: str | None, amount: int) -> None:
    """Act as a person in the provider's dashboard."""
    assert payment_id is not None
    client = StripeClient("sk_test_dashboard", base_addresses={"api": sandbox.url})
    client.v1.refunds.create({"payment_intent": payment_id, "amount": amount})
