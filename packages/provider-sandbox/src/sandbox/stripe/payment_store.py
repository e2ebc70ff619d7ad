"""Payments between the state machine and the ledger."""

from sandbox.core.exchange import Call
from sandbox.ledger import payments
from sandbox.ledger.store import Ledger
from sandbox.stripe.errors import no_such
from sandbox.stripe.intent import PaymentIntent


def find(call: Call, ledger: Ledger) -> PaymentIntent:
    """Return the payment in the path. Raises StripeRefusal when there is none."""
    assert call.target is not None
    state = payments.find(ledger, call.target) if call.target.startswith("pi_") else None
    if state is None:
        raise no_such("payment_intent", call.target[:60], param="intent", in_path=True)
    return PaymentIntent.from_json(state)


def save(intent: PaymentIntent, ledger: Ledger) -> None:
    """Keep a payment."""
    row = payments.PaymentRow(
        id=intent.id,
        charge_id=intent.charge.id if intent.charge else None,
        order_id=intent.details.get("metadata", {}).get("order_id"),
        status=intent.status,
        currency=intent.currency,
        authorised=intent.authorised,
        captured=intent.captured,
        refunded=intent.refunded,
        voided=intent.voided,
        state=intent.to_json(),
    )
    payments.save(ledger, row)
