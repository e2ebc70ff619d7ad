"""Idempotency keys, the call log and fault rules: what is remembered about calls rather than about goods and money."""

import json
from dataclasses import dataclass
from typing import Any

from sandbox.ledger.store import Ledger

# "You can remove keys from the system automatically after they're at least 24 hours old"
# (https://docs.stripe.com/api/idempotent_requests): the sandbox prunes as early as Stripe may.
_RETENTION_S = 24 * 60 * 60


@dataclass(frozen=True, kw_only=True)
class StoredAnswer:
    """The first answer to an idempotency key. fingerprint: of the parameters it was given for."""

    path: str
    fingerprint: str
    status: int
    body: str
    request_id: str


@dataclass(frozen=True, kw_only=True)
class CallRecord:
    """One line of the call log; status is None when no answer was sent. It never holds parameters."""

    at: str
    face: str
    method: str
    operation: str
    order_id: str | None
    idempotency_key: str | None
    status: int | None
    replayed: bool
    fault: str | None


def stored_answer(ledger: Ledger, key: str) -> StoredAnswer | None:
    """Return the answer that is kept under the key. One that is older than a day is forgotten."""
    oldest = ledger.now().timestamp() - _RETENTION_S
    ledger.sql.execute("DELETE FROM kept_answers WHERE key = ? AND answered_at < ?", (key, oldest))
    row = ledger.sql.execute(
        "SELECT path, fingerprint, status, body, request_id FROM kept_answers WHERE key = ?", (key,)
    ).fetchone()
    return None if row is None else StoredAnswer(**dict(row))


def store_answer(ledger: Ledger, key: str, answer: StoredAnswer) -> None:
    """Keep an answer under its idempotency key."""
    ledger.sql.execute(
        "INSERT INTO kept_answers (key, answered_at, path, fingerprint, status, body, request_id)"
        " VALUES (:key, :answered_at, :path, :fingerprint, :status, :body, :request_id)",
        vars(answer) | {"key": key, "answered_at": ledger.now().timestamp()},
    )


def forget_answers(ledger: Ledger) -> int:
    """Forget all idempotency keys; returns how many there were."""
    return ledger.sql.execute("DELETE FROM kept_answers").rowcount


def log_call(ledger: Ledger, record: CallRecord) -> None:
    """Add a line to the call log."""
    ledger.sql.execute(
        "INSERT INTO calls (at, face, method, operation, order_id, idempotency_key, status, replayed, fault) VALUES"
        " (:at, :face, :method, :operation, :order_id, :idempotency_key, :status, :replayed, :fault)",
        vars(record),
    )


def calls(ledger: Ledger, order_id: str | None = None, operation: str | None = None) -> list[dict[str, Any]]:
    """Return the call log, oldest first."""
    rows = ledger.sql.execute(
        "SELECT at, face, method, operation, order_id, idempotency_key, status, replayed, fault FROM calls"
        " WHERE (?1 IS NULL OR order_id = ?1) AND (?2 IS NULL OR operation = ?2) ORDER BY seq",
        (order_id, operation),
    )
    return [dict(row) | {"replayed": bool(row["replayed"])} for row in rows]


def add_rule(ledger: Ledger, rule: dict[str, Any]) -> int:
    """Return the rule's id; rules are consulted in the order of their ids."""
    cursor = ledger.sql.execute("INSERT INTO fault_rules (rule, seen) VALUES (?, '{}')", (json.dumps(rule),))
    assert cursor.lastrowid is not None
    return cursor.lastrowid


def rules(ledger: Ledger) -> list[tuple[int, dict[str, Any], dict[str, int]]]:
    """Return every rule with its id and what it has counted so far."""
    rows = ledger.sql.execute("SELECT id, rule, seen FROM fault_rules ORDER BY id")
    return [(row["id"], json.loads(row["rule"]), json.loads(row["seen"])) for row in rows]


def save_seen(ledger: Ledger, rule_id: int, seen: dict[str, int]) -> None:
    """Keep how often a rule has matched."""
    ledger.sql.execute("UPDATE fault_rules SET seen = ? WHERE id = ?", (json.dumps(seen), rule_id))


def remove_rules(ledger: Ledger, rule_id: int | None = None) -> int:
    """Remove one rule, or all; returns how many there were."""
    return ledger.sql.execute("DELETE FROM fault_rules WHERE ?1 IS NULL OR id = ?1", (rule_id,)).rowcount
