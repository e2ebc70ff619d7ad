"""Rows of webhooks, and of the events that wait to be delivered to them."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sandbox.ledger.store import Ledger

Document = dict[str, Any]


class Waiting(NamedTuple):
    """An event for one address. attempts: how often it was sent in vain."""

    seq: int
    url: str
    secret: str | None
    body: str
    attempts: int


def save(ledger: Ledger, webhook: Document, secret: str | None) -> None:
    """Keep a webhook and its secret."""
    ledger.sql.execute(
        "INSERT INTO webhooks (id, secret, state) VALUES (?, ?, ?)", (webhook["id"], secret, json.dumps(webhook))
    )


def registered(ledger: Ledger) -> Iterator[tuple[Document, str | None]]:
    """Yield every webhook with its secret, the oldest first."""
    rows = ledger.sql.execute("SELECT secret, state FROM webhooks ORDER BY seq").fetchall()
    return ((json.loads(row["state"]), row["secret"]) for row in rows)


def remove(ledger: Ledger, webhook_id: str) -> bool:
    """Forget a webhook and what waits for it; False when there is none."""
    ledger.sql.execute("DELETE FROM webhook_events WHERE webhook_id = ?", (webhook_id,))
    return ledger.sql.execute("DELETE FROM webhooks WHERE id = ?", (webhook_id,)).rowcount > 0


def put(ledger: Ledger, webhook_id: str, body: str, now: datetime) -> None:
    """Have an event wait for its delivery."""
    ledger.sql.execute(
        "INSERT INTO webhook_events (webhook_id, body, due_at) VALUES (?, ?, ?)", (webhook_id, body, now.timestamp())
    )


def waiting(ledger: Ledger, due: datetime | None = None) -> list[Waiting]:
    """Return what waits, in the order of the events. due: only what is due by then."""
    rows = ledger.sql.execute(
        "SELECT e.seq, e.body, e.attempts, w.secret, w.state ->> 'url' AS url FROM webhook_events e"
        " JOIN webhooks w ON w.id = e.webhook_id WHERE ?1 IS NULL OR e.due_at <= ?1 ORDER BY e.seq",
        (None if due is None else due.timestamp(),),
    ).fetchall()
    return [Waiting(row["seq"], row["url"], row["secret"], row["body"], row["attempts"]) for row in rows]


def forget(ledger: Ledger, seq: int) -> None:
    """Forget an event that was delivered, or is lost."""
    ledger.sql.execute("DELETE FROM webhook_events WHERE seq = ?", (seq,))


def postpone(ledger: Ledger, seq: int, due: datetime) -> None:
    """Have an event that was not taken wait again."""
    ledger.sql.execute(
        "UPDATE webhook_events SET attempts = attempts + 1, due_at = ? WHERE seq = ?", (due.timestamp(), seq)
    )
