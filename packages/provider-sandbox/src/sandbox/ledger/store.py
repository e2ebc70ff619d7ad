"""One SQLite file and its transactions.

A transaction is committed before its answer leaves, and WAL with synchronous=NORMAL keeps every commit across a killed
process (only a power cut could lose the last ones, which a stand-in may). There is one connection, used by one thread.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

_SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
_TABLES = (
    "webhook_events",
    "webhooks",
    "refunds",
    "payment_states",
    "payments",
    "shipments",
    "trackers",
    "carrier_objects",
    "kept_answers",
    "conditions",
    "calls",
    "fault_rules",
)


Condition = Literal["ahead_s", "search_lag_s"]
"""ahead_s: how far the sandbox's clock is ahead of the machine's. search_lag_s: how far the search index is behind."""


class StateFileError(Exception):
    """The state file cannot be used: locked by another process, not a sandbox file, or not writable."""


class Ledger:
    """The open state file. path: a file name, or `:memory:`."""

    def __init__(self, path: str) -> None:
        self.sql = _open(path)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit at the end of the block, or leave no trace when it raises."""
        self.sql.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self.sql.execute("ROLLBACK")
            raise
        self.sql.execute("COMMIT")

    def now(self) -> datetime:
        """Return the time by the sandbox's clock, which can be put forward."""
        return datetime.now(UTC) + timedelta(seconds=self.condition("ahead_s"))

    def condition(self, name: Condition) -> float:
        """Return the value of a condition, 0 unless it was set."""
        row = self.sql.execute("SELECT value FROM conditions WHERE name = ?", (name,)).fetchone()
        return 0.0 if row is None else float(row["value"])

    def set_condition(self, name: Condition, value: float) -> None:
        """Set the value of a condition."""
        self.sql.execute(
            "INSERT INTO conditions (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
            (name, value),
        )

    def clear(self) -> None:
        """Forget everything: fault rules, call log and conditions included."""
        with self.transaction():
            for table in _TABLES:
                self.sql.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the constant above

    def close(self) -> None:
        """Close the file."""
        self.sql.close()


def _open(path: str) -> sqlite3.Connection:
    try:
        # Autocommit mode: transactions begin where the code says so.
        sql = sqlite3.connect(path, isolation_level=None, timeout=0)
        sql.row_factory = sqlite3.Row
        # EXCLUSIVE: a second sandbox on the same file is refused at once instead of sharing the ledger.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            sql.execute(f"PRAGMA {pragma}")
        sql.executescript(_SCHEMA)
    except sqlite3.Error as error:
        raise StateFileError(f"cannot use the state file {path}: {error}") from error
    return sql
