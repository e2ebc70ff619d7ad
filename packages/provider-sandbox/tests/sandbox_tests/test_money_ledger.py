"""The money ledger balances, whatever is asked of it in whatever order."""

from typing import Any

import stripe
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from sandbox.testing import running_sandbox
from sandbox_tests.builders import payment

_AMOUNTS = st.integers(min_value=1, max_value=4000)
_METHODS = st.sampled_from(
    [
        "pm_card_visa",
        "pm_card_chargeDeclined",
        "pm_card_authenticationRequired",
        "pm_sandbox_processing",
        "pm_sandbox_authorisationExpires",
    ]
)


class MoneyLedger(RuleBasedStateMachine):
    """Random payments, captures, cancels and refunds against one sandbox; refusals are expected, imbalance is not."""

    payments = Bundle("payments")

    def __init__(self) -> None:
        super().__init__()
        self._running = running_sandbox()
        self.sandbox = self._running.__enter__()
        self.shop = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": self.sandbox.url})
        self.refunded: dict[str, int] = {}

    def teardown(self) -> None:
        self._running.__exit__(None, None, None)

    @rule(target=payments, method=_METHODS, capture_method=st.sampled_from(["manual", "automatic"]))
    def pay(self, method: str, capture_method: str) -> Any:
        try:
            made = self.shop.v1.payment_intents.create(payment(method=method, capture_method=capture_method))
        except stripe.CardError:
            return multiple()
        return made.id

    @rule(payment_id=payments, amount=st.none() | _AMOUNTS)
    def capture(self, payment_id: str, amount: int | None) -> None:
        self._attempt(
            self.shop.v1.payment_intents.capture, payment_id, {} if amount is None else {"amount_to_capture": amount}
        )

    @rule(payment_id=payments)
    def cancel(self, payment_id: str) -> None:
        self._attempt(self.shop.v1.payment_intents.cancel, payment_id)

    @rule(payment_id=payments)
    def confirm_again(self, payment_id: str) -> None:
        self._attempt(self.shop.v1.payment_intents.confirm, payment_id, {"payment_method": "pm_card_visa"})

    @rule(payment_id=payments, amount=st.none() | _AMOUNTS)
    def refund(self, payment_id: str, amount: int | None) -> None:
        given = {"payment_intent": payment_id} | ({} if amount is None else {"amount": amount})
        refund = self._attempt(self.shop.v1.refunds.create, given)
        if refund is not None:
            self.refunded[payment_id] = self.refunded.get(payment_id, 0) + refund.amount

    @rule(payment_id=consumes(payments))
    def lose_the_answer_to_a_capture_and_repeat_it(self, payment_id: str) -> None:
        key: Any = {"idempotency_key": f"{payment_id}:capture"}
        self.sandbox.fault(operation="payment_intents.capture", kind="drop_after", next=1)
        self._attempt(self.shop.v1.payment_intents.capture, payment_id, {}, key)
        before = self.sandbox.payments()
        self._attempt(self.shop.v1.payment_intents.capture, payment_id, {}, key)
        assert self.sandbox.payments() == before
        self.sandbox.clear_faults()

    @invariant()
    def every_payment_balances(self) -> None:
        for entry in self.sandbox.payments():
            assert 0 <= entry["refunded"] <= entry["captured"]
            assert entry["captured"] + entry["voided"] <= entry["authorised"] <= 2500
            assert entry["refunded"] == self.refunded.get(entry["id"], 0)
            if entry["status"] in ("succeeded", "canceled"):
                assert entry["captured"] + entry["voided"] == entry["authorised"]

    @staticmethod
    def _attempt(operation: Any, *arguments: Any) -> Any:
        """Return the answer, or None when the sandbox refused or dropped it; a failure of the sandbox itself is raised."""
        try:
            return operation(*arguments)
        except (stripe.InvalidRequestError, stripe.CardError, stripe.APIConnectionError):
            return None


TestMoneyLedger = MoneyLedger.TestCase
TestMoneyLedger.settings = settings(max_examples=25, stateful_step_count=25, deadline=None)
