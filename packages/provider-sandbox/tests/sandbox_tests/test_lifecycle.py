"""The table of the payment state machine: every action from every status."""

from dataclasses import replace

import pytest

from sandbox.stripe import lifecycle
from sandbox.stripe.errors import StripeRefusal
from sandbox.stripe.intent import Charge, Method, PaymentIntent, Status
from sandbox.stripe.payment_methods import Verdict

_NEW = PaymentIntent(
    id="pi_1",
    created=1,
    amount=2500,
    currency="usd",
    manual_capture=True,
    status=Status.REQUIRES_CONFIRMATION,
    method=Method(id="pm_1", test_name="pm_card_visa"),
    details={"capture_method": "manual"},
)
_HELD = Charge(id="ch_1", amount=2500, created=1, approved=True)


def _in(status: Status) -> PaymentIntent:
    charge = _HELD if status in (Status.REQUIRES_CAPTURE, Status.SUCCEEDED, Status.CANCELED) else None
    if charge is not None and status is Status.SUCCEEDED:
        charge = replace(charge, captured=2500)
    return replace(_NEW, status=status, charge=charge)


_CONFIRMABLE = {Status.REQUIRES_PAYMENT_METHOD, Status.REQUIRES_CONFIRMATION, Status.REQUIRES_ACTION}
_CANCELABLE = set(Status) - {Status.SUCCEEDED, Status.CANCELED}


@pytest.mark.parametrize("status", Status)
def test_confirm_is_possible_until_the_payment_is_under_way(status: Status) -> None:
    if status in _CONFIRMABLE:
        lifecycle.begin_confirmation(_in(status))
    else:
        with pytest.raises(StripeRefusal, match=f"status of {status}"):
            lifecycle.begin_confirmation(_in(status))


@pytest.mark.parametrize("status", Status)
def test_capture_is_possible_only_of_what_is_held(status: Status) -> None:
    if status is Status.REQUIRES_CAPTURE:
        assert lifecycle.capture(_in(status), None, now=2).intent.captured == 2500
    else:
        with pytest.raises(StripeRefusal) as refused:
            lifecycle.capture(_in(status), None, now=2)
        assert refused.value.problem.code == "payment_intent_unexpected_state"


@pytest.mark.parametrize("status", Status)
def test_cancel_is_possible_until_money_was_captured(status: Status) -> None:
    if status in _CANCELABLE:
        assert lifecycle.cancel(_in(status), reason=None, now=2).status is Status.CANCELED
    else:
        with pytest.raises(StripeRefusal, match=f"status of {status}"):
            lifecycle.cancel(_in(status), reason=None, now=2)


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.SUCCEEDED])
def test_refund_needs_a_captured_charge(status: Status) -> None:
    with pytest.raises(StripeRefusal, match="does not have a successful charge"):
        lifecycle.refund(_in(status), None)


@pytest.mark.parametrize(
    ("verdict", "manual_capture", "status"),
    [
        (Verdict.APPROVED, True, Status.REQUIRES_CAPTURE),
        (Verdict.APPROVED, False, Status.SUCCEEDED),
        (Verdict.DECLINED, True, Status.REQUIRES_PAYMENT_METHOD),
        (Verdict.NEEDS_ACTION, True, Status.REQUIRES_ACTION),
        (Verdict.PROCESSING, False, Status.PROCESSING),
    ],
)
def test_the_verdict_of_the_issuer_decides_the_status(verdict: Verdict, manual_capture: bool, status: Status) -> None:
    intent = replace(_NEW, manual_capture=manual_capture)
    assert lifecycle.confirm(intent, verdict, charge_id="ch_2", now=2).intent.status is status


def test_a_partial_capture_gives_the_rest_back() -> None:
    captured = lifecycle.capture(_in(Status.REQUIRES_CAPTURE), 1000, now=2).intent
    assert (captured.authorised, captured.captured, captured.voided) == (2500, 1000, 1500)


def test_a_payment_survives_its_json_form() -> None:
    declined = lifecycle.confirm(_NEW, Verdict.DECLINED, charge_id="ch_2", now=2).intent
    assert PaymentIntent.from_json(declined.to_json()) == declined
