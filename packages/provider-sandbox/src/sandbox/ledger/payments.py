"""Rows of the money ledger. What a payment is, `sandbox.stripe` knows; here it is a state document and four amounts."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.ledger.store import Ledger


@dataclass(frozen=True, kw_only=True)
class PaymentRow:
    """One payment, with its amounts in the smallest unit.

    What is authorised and neither captured nor voided is still held on the customer's card.
    """

    id: str
    charge_id: str | None
    order_id: str | None
    status: str
    currency: str
    authorised: int
    captured: int
    refunded: int
    voided: int
    state: dict[str, Any]


_UPSERT = """
INSERT INTO payments (id, charge_id, order_id, status, currency, authorised, captured, refunded, voided, state)
VALUES (:id, :charge_id, :order_id, :status, :currency, :authorised, :captured, :refunded, :voided, :state)
ON CONFLICT (id) DO UPDATE SET charge_id = excluded.charge_id, order_id = excluded.order_id, status = excluded.status,
    authorised = excluded.authorised, captured = excluded.captured, refunded = excluded.refunded,
    voided = excluded.voided, state = excluded.state
"""


def save(ledger: Ledger, row: PaymentRow) -> None:
    """Insert or replace. Raises sqlite3.IntegrityError for amounts that do not balance."""
    state = json.dumps(row.state)
    ledger.sql.execute(_UPSERT, vars(row) | {"state": state})
    ledger.sql.execute(
        "INSERT INTO payment_states (payment_id, since, state) VALUES (?, ?, ?)",
        (row.id, ledger.now().timestamp(), state),
    )


def find(ledger: Ledger, payment_id: str) -> dict[str, Any] | None:
    """Return the state of a payment by its id or by the id of its charge."""
    row = ledger.sql.execute("SELECT state FROM payments WHERE id = ?1 OR charge_id = ?1", (payment_id,)).fetchone()
    return None if row is None else json.loads(row["state"])


def newest_first(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Yield the states of all payments, the newest first."""
    rows = ledger.sql.execute("SELECT state FROM payments ORDER BY seq DESC")
    return (json.loads(row["state"]) for row in rows)


def indexed_newest_first(ledger: Ledger) -> Iterator[dict[str, Any]]:
    """Yield the states of all payments as the search index knows them: as they were some time ago, or not at all."""
    known = ledger.now().timestamp() - ledger.condition("search_lag_s")
    rows = ledger.sql.execute(
        "SELECT s.state FROM payments AS p JOIN payment_states AS s ON s.seq ="
        " (SELECT MAX(seq) FROM payment_states WHERE payment_id = p.id AND since <= ?) ORDER BY p.seq DESC",
        (known,),
    )
    return (json.loads(row["state"]) for row in rows)


def order_of(ledger: Ledger, payment_id: str) -> str | None:
    """Return the order of a payment."""
    row = ledger.sql.execute("SELECT order_id FROM payments WHERE id = ?1 OR charge_id = ?1", (payment_id,)).fetchone()
    return None if row is None else row["order_id"]


def add_refund(ledger: Ledger, refund: dict[str, Any]) -> None:
    """Add a refund: `{"id", "payment_intent", "amount", …}`."""
    ledger.sql.execute(
        "INSERT INTO refunds (id, payment_id, amount, state) VALUES (?, ?, ?, ?)",
        (refund["id"], refund["payment_intent"], refund["amount"], json.dumps(refund)),
    )


def change_refund(ledger: Ledger, refund: dict[str, Any]) -> None:
    """Store a refund that has changed."""
    ledger.sql.execute("UPDATE refunds SET state = ? WHERE id = ?", (json.dumps(refund), refund["id"]))


def find_refund(ledger: Ledger, refund_id: str) -> dict[str, Any] | None:
    """Return a refund by its id."""
    row = ledger.sql.execute("SELECT state FROM refunds WHERE id = ?", (refund_id,)).fetchone()
    return None if row is None else json.loads(row["state"])


def order_of_refund(ledger: Ledger, refund_id: str) -> str | None:
    """Return the order of a refund's payment."""
    refund = find_refund(ledger, refund_id)
    return None if refund is None else order_of(ledger, refund["payment_intent"])


def refunds_newest_first(ledger: Ledger, payment_id: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the refunds, of one payment or of all."""
    rows = ledger.sql.execute(
        "SELECT state FROM refunds WHERE ?1 IS NULL OR payment_id = ?1 ORDER BY seq DESC", (payment_id,)
    )
    return (json.loads(row["state"]) for row in rows)


def entries(ledger: Ledger, order_id: str | None = None) -> list[dict[str, Any]]:
    """Return the money ledger, oldest first: id, order_id, status, currency and the four amounts of each payment."""
    rows = ledger.sql.execute(
        "SELECT id, order_id, status, currency, authorised, captured, refunded, voided FROM payments"
        " WHERE ?1 IS NULL OR order_id = ?1 ORDER BY seq",
        (order_id,),
    )
    return [dict(row) for row in rows]
