"""One SQLite file and its transactions.

A transaction is committed before its answer leaves, and WAL with synchronous=NORMAL keeps every commit across a killed
process (only a power cut could lose the last ones, which a stand-in may). There is one connection, used by one thread.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SCHEMA = (Path(__file__).parent / "schema.sql").read_text(encoding="utf-8")
_TABLES = (
    "refunds",
    "payments",
    "shipments",
    "trackers",
    "carrier_objects",
    "idempotency_keys",
    "calls",
    "fault_rules",
)


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

    def clear(self) -> None:
        """Forget everything, fault rules and call log included."""
        with self.transaction():
            for table in _TABLES:
                self.sql.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the constant above

    def close(self) -> None:
        self.sql.close()


def _open(path: str) -> sqlite3.Connection:
    try:
        # Autocommit mode: transactions begin where the code says so.
        sql = sqlite3.connect(path, isolation_level=None, timeout=0)
        sql.row_factory = sqlite3.Row
        # EXCLUSIVE: a second sandbox on the same file is told at once instead of sharing the ledger.
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            sql.execute(f"PRAGMA {pragma}")
        sql.executescript(_SCHEMA)
    except sqlite3.Error as error:
        raise StateFileError(f"cannot use the state file {path}: {error}") from error
    return sql
