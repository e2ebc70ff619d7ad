"""Answers that do not arrive, arrive late or belong to another request: the money balances whatever happens on the wire.

Each test sends the same request until it is answered, as the orchestrations do, and then looks at the provider's ledger.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.stripe.payments import StripePayments
from domain.errors import ProviderUnavailable
from domain.payments.payment import CaptureMode
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox, running_sandbox
from tests.integration.adapters.examples import (
    AMOUNT,
    ORDER,
    answer_or_none,
    capture,
    compensation,
    payment,
    until_answered,
)

FAULTS: dict[str, dict[str, Any]] = {
    "dropped before acting": {"kind": "drop_before", "next": 1},
    "dropped after acting": {"kind": "drop_after", "next": 1},
    "rate limit": {"kind": "status", "status": 429, "next": 2},
    "outage": {"kind": "status", "status": 503, "next": 2},
    "failure that is kept under the key": {"kind": "status", "status": 500, "next": 1},
    "failures that are kept under two keys": {"kind": "status", "status": 500, "calls": (1, 3)},
    "failure after acting": {"kind": "fail_after", "next": 1},
    "a proxy's page": {"kind": "html", "next": 2},
}
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


def amounts(sandbox: Sandbox) -> tuple[int, int, int, int]:
    """authorised, captured, refunded, voided, over all payments."""
    totals = sandbox.totals()
    return totals["authorised"], totals["captured"], totals["refunded"], totals["voided"]


@every_fault
@pytest.mark.parametrize("operation", ["create", "confirm"])
@pytest.mark.parametrize("mode", ["after_shipping", "immediate"])
def test_the_customer_is_charged_once_whatever_happens_to_the_authorisation(
    payments: StripePayments, sandbox: Sandbox, fault: dict[str, Any], operation: str, mode: CaptureMode
) -> None:
    sandbox.fault(operation=f"payment_intents.{operation}", **fault)
    result = until_answered(lambda: payments.authorise(payment(capture=mode)))
    assert result.outcome is Outcome.DONE
    assert amounts(sandbox) == (AMOUNT, AMOUNT if mode == "immediate" else 0, 0, 0)


@every_fault
def test_the_money_is_taken_once_whatever_happens_to_the_capture(
    payments: StripePayments, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    payment_id = payments.authorise(payment()).reference
    sandbox.fault(operation="payment_intents.capture", **fault)
    assert until_answered(lambda: payments.capture(capture(payment_id))).outcome is Outcome.DONE
    assert amounts(sandbox) == (AMOUNT, AMOUNT, 0, 0)


@every_fault
def test_a_decline_stays_a_decline_whatever_happens_to_its_answer(
    payments: StripePayments, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    request = payment(payment_method="pm_card_chargeDeclined")
    sandbox.fault(operation="payment_intents.confirm", **fault)
    assert until_answered(lambda: payments.authorise(request)).reason_code == "payment_declined"
    assert until_answered(lambda: payments.cancel(compensation(request))).message == "nothing_to_compensate"
    assert amounts(sandbox) == (0, 0, 0, 0)


@every_fault
@pytest.mark.parametrize("operation", ["create", "confirm"])
@pytest.mark.parametrize("mode", ["after_shipping", "immediate"])
def test_an_authorisation_given_up_after_one_attempt_is_compensated_without_its_id(
    payments: StripePayments, sandbox: Sandbox, fault: dict[str, Any], operation: str, mode: CaptureMode
) -> None:
    request = payment(capture=mode)
    sandbox.fault(operation=f"payment_intents.{operation}", **fault)
    with pytest.raises(ProviderUnavailable):
        payments.authorise(request)
    assert until_answered(lambda: payments.cancel(compensation(request))).outcome is Outcome.DONE
    authorised, captured, refunded, voided = amounts(sandbox)
    assert authorised == captured + voided
    assert captured == refunded
    late = until_answered(lambda: payments.authorise(request))
    if not captured:
        assert late.reason_code == "payment_cancelled", "what arrives late finds a barrier"
    assert amounts(sandbox) == (authorised, captured, refunded, voided)


@every_fault
def test_a_capture_given_up_after_one_attempt_is_compensated(
    payments: StripePayments, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    sandbox.fault(operation="payment_intents.capture", **fault)
    with pytest.raises(ProviderUnavailable):
        payments.capture(capture(payment_id))
    assert until_answered(lambda: payments.cancel(compensation(request, payment_id))).outcome is Outcome.DONE
    authorised, captured, refunded, voided = amounts(sandbox)
    assert (authorised, captured) == (AMOUNT, refunded)
    assert captured + voided == AMOUNT
    until_answered(lambda: payments.capture(capture(payment_id)))
    assert amounts(sandbox) == (authorised, captured, refunded, voided)


@every_fault
def test_money_is_given_back_once_whatever_happens_to_the_void(
    payments: StripePayments, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    sandbox.fault(operation="payment_intents.cancel", **fault)
    assert until_answered(lambda: payments.cancel(compensation(request, payment_id))).message == "voided"
    assert amounts(sandbox) == (AMOUNT, 0, 0, AMOUNT)


@every_fault
@pytest.mark.parametrize("operation", ["refunds.create", "refunds.list"])
def test_money_is_given_back_once_whatever_happens_to_the_refund(
    payments: StripePayments, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    request = payment(capture="immediate")
    payment_id = payments.authorise(request).reference
    sandbox.fault(operation=operation, **fault)
    assert until_answered(lambda: payments.cancel(compensation(request, payment_id))).message == "refunded"
    assert amounts(sandbox) == (AMOUNT, AMOUNT, AMOUNT, 0)


@pytest.mark.parametrize("operation", ["create", "confirm"])
def test_an_authorisation_that_acts_after_its_compensation_takes_nothing(
    payments: StripePayments, sandbox: Sandbox, operation: str
) -> None:
    request = payment()
    hasty = StripePayments.connect("sk_test_adapters", sandbox.url, answer_s=0.5)
    sandbox.fault(operation=f"payment_intents.{operation}", kind="delay", delay_s=600, next=1)
    with pytest.raises(ProviderUnavailable):
        hasty.authorise(request)
    if operation == "create":
        # Its key is in use as long as it is on its way: the compensation has to come again.
        with pytest.raises(ProviderUnavailable):
            payments.cancel(compensation(request))
        _release(sandbox, "payment_intents.create")
        assert payments.cancel(compensation(request)).message == "nothing_to_compensate"
    else:
        assert payments.cancel(compensation(request)).message == "nothing_to_compensate"
        _release(sandbox, "payment_intents.confirm")
    assert payments.authorise(request).reason_code == "payment_cancelled"
    assert amounts(sandbox) == (0, 0, 0, 0)


def test_a_capture_that_acts_after_its_compensation_takes_nothing(payments: StripePayments, sandbox: Sandbox) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    hasty = StripePayments.connect("sk_test_adapters", sandbox.url, answer_s=0.5)
    sandbox.fault(operation="payment_intents.capture", kind="delay", delay_s=600, next=1)
    with pytest.raises(ProviderUnavailable):
        hasty.capture(capture(payment_id))
    assert payments.cancel(compensation(request, payment_id)).message == "voided"
    _release(sandbox, "payment_intents.capture")
    assert amounts(sandbox) == (AMOUNT, 0, 0, AMOUNT)


def test_one_order_authorised_by_many_at_once_is_charged_once(payments: StripePayments, sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: until_answered(lambda: payments.authorise(payment())), range(8)))
    assert {result.outcome for result in results} == {Outcome.DONE}
    assert amounts(sandbox) == (AMOUNT, 0, 0, 0)


def test_captures_and_compensations_of_one_order_at_once_leave_it_either_paid_or_given_back(
    payments: StripePayments, sandbox: Sandbox
) -> None:
    request = payment()
    payment_id = payments.authorise(request).reference
    with ThreadPoolExecutor(8) as pool:
        takes = [pool.submit(until_answered, lambda: payments.capture(capture(payment_id))) for _ in range(4)]
        backs = [
            pool.submit(until_answered, lambda: payments.cancel(compensation(request, payment_id))) for _ in range(4)
        ]
        assert {back.result().outcome for back in backs} == {Outcome.DONE}
        assert {take.result().outcome for take in takes} <= {Outcome.DONE, Outcome.REFUSED}
    authorised, captured, refunded, voided = amounts(sandbox)
    assert authorised == captured + voided == AMOUNT
    assert captured == refunded


@given(
    probabilities=st.fixed_dictionaries(
        {kind: st.sampled_from([0.0, 0.1, 0.3]) for kind in ("drop_before", "drop_after", "html", "fail_after")}
    ),
    seed=st.integers(0, 10_000),
    method=st.sampled_from(["pm_card_visa", "pm_card_chargeDeclined", "pm_card_authenticationRequired"]),
    mode=st.sampled_from(["after_shipping", "immediate"]),
    captures=st.booleans(),
    compensates=st.booleans(),
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_sequence_of_faults_leaves_money_unaccounted_for(
    probabilities: dict[str, float], seed: int, method: str, mode: CaptureMode, captures: bool, compensates: bool
) -> None:
    with running_sandbox() as sandbox:
        payments = StripePayments.connect("sk_test_adapters", sandbox.url)
        for offset, (kind, probability) in enumerate(probabilities.items()):
            sandbox.fault(face="stripe", kind=kind, probability=probability, seed=seed + offset)
        request = payment(payment_method=method, capture=mode)
        authorised = answer_or_none(lambda: payments.authorise(request))
        taken = captures and authorised is not None and authorised.outcome is Outcome.DONE
        if taken:
            assert authorised is not None
            answer_or_none(lambda: payments.capture(capture(authorised.reference)))
        if not compensates:
            assert amounts(sandbox)[0] in (0, AMOUNT)
            return
        sandbox.clear_faults()
        known = authorised.reference if authorised is not None and authorised.outcome is Outcome.DONE else None
        assert until_answered(lambda: payments.cancel(compensation(request, known))).outcome is Outcome.DONE
        held, captured, refunded, voided = amounts(sandbox)
        assert held in (0, AMOUNT)
        assert held == captured + voided
        assert captured == refunded
        assert all(row["status"] in ("canceled", "succeeded") for row in sandbox.payments(ORDER) if row["authorised"])


def _release(sandbox: Sandbox, operation: str) -> None:
    """Let the call that is held back act now, although its caller has gone."""
    sandbox.clear_faults()
    while not any(call["fault"] == "delay" for call in sandbox.calls(operation=operation)):
        pass
