"""The SQLite file itself: opening, locking, its schema, and the two connections."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import Any

from local_host.engine.errors import StateFileError, StateFileLocked, StateFileVersion, StoreUnavailable
from local_host.engine.group_commit import QUERIES
from local_host.engine.log_categories import host_logger
from local_host.engine.sql import load_sections

_log = host_logger("local_host.store")

IN_MEMORY = ":memory:"
# What a state file of any version has; others may count versions too.
_OURS = {"instances", "history", "inbox"}


class Database:
    """writer: in autocommit mode, for the code that begins and commits transactions. `read` never waits for it."""

    def __init__(
        self,
        writer: sqlite3.Connection,
        reader: sqlite3.Connection,
        lock: sqlite3.Connection | None = None,
        path: Path | None = None,
    ) -> None:
        self.writer = writer
        self._reader = reader
        self._lock = lock
        self._path = path
        self._identity = _identity(path)

    @classmethod
    def open(cls, path: str | Path) -> Database:
        """Open or create the file. Raises StateFileLocked, StateFileVersion, StateFileError."""
        if str(path) == IN_MEMORY:
            connection = _connect(IN_MEMORY)
            _bring_up_to_date(connection, IN_MEMORY)
            return cls(connection, connection)
        file = Path(path)
        is_known = file.with_name(f"{file.name}.lock").exists()
        lock = _lock(str(path))
        try:
            _make_private(file, is_known=is_known)
            writer = _connect(str(path))
            _bring_up_to_date(writer, str(path))
            writer.execute("PRAGMA journal_mode = WAL")
            return cls(writer, _connect(str(path)), lock, file)
        except sqlite3.Error as error:
            lock.close()
            raise StateFileError(f"The state file {path} cannot be used: {error}.") from error
        except OSError as error:
            lock.close()
            raise StateFileError(f"The state file {path} cannot be used: {error.strerror}.") from error
        except StateFileError:
            lock.close()
            raise

    def check_in_place(self) -> None:
        """Raise StoreUnavailable when the file was removed or another one, which the next host would read, is in its place."""
        if self._path is not None and _identity(self._path) != self._identity:
            raise StoreUnavailable(
                f"The state file {self._path} was removed or replaced while the host runs. Put it back, or start the host again."
            )

    def read(self, query: str, parameters: Any = ()) -> list[sqlite3.Row]:
        """Return the rows of a query, as of the last commit. Raises StoreUnavailable."""
        try:
            return self._reader.execute(QUERIES[query], parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise StoreUnavailable(f"The state file cannot be read: {error}.") from error

    def read_uncommitted(self, query: str, parameters: Any = ()) -> list[sqlite3.Row]:
        """Return the rows as the open transaction has them so far. Not to be called while it is being committed."""
        return self.writer.execute(QUERIES[query], parameters).fetchall()

    def close(self) -> None:
        """Close the connections and release the lock."""
        for connection in (self._reader, self.writer, self._lock):
            if connection is not None:
                connection.close()


def _identity(path: Path | None) -> tuple[int, int] | None:
    """Return what distinguishes a file from another one of the same name; None when there is none."""
    try:
        found = path.stat() if path is not None else None
    except FileNotFoundError:
        return None
    return (found.st_dev, found.st_ino) if found is not None else None


def _make_private(path: Path, *, is_known: bool) -> None:
    """Create the file for its owner alone: instances hold what the app was given. Files beside it get the same rights.

    is_known: whether an earlier host had its state under this name.
    """
    try:
        created = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    except FileExistsError:
        is_new = path.stat().st_size == 0
    else:
        os.close(created)
        is_new = True
    if is_new and is_known:
        _log.warning("The state file %s is new or empty, and an earlier host had one: its instances are gone", path)


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
    connection.row_factory = sqlite3.Row
    # FULL: what was answered as accepted survives a loss of power, not only of the process.
    connection.execute("PRAGMA synchronous = FULL")
    # 16 MB. With SQLite's own 2 MB, what is stored under random ids costs more and more reading as the file grows.
    connection.execute("PRAGMA cache_size = -16000")
    return connection


def _lock(path: str) -> sqlite3.Connection:
    """Take an exclusive lock for as long as the connection lives; the operating system releases it whenever the process dies."""
    try:
        Path(f"{path}.lock").touch(mode=0o600)
        lock = sqlite3.connect(f"{path}.lock", isolation_level=None, check_same_thread=False, timeout=0)
        lock.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
            raise StateFileLocked(path) from None
        raise StateFileError(f"The state file {path} cannot be used: {error}.") from error
    except OSError as error:
        raise StateFileError(f"The state file {path} cannot be used: {error.strerror}.") from error
    return lock


def _bring_up_to_date(connection: sqlite3.Connection, path: str) -> None:
    """Apply the sections of the schema that the file lacks, each with its version in one transaction."""
    sections = load_sections("schema.sql", "version")
    newest = max(map(int, sections))
    found = connection.execute("PRAGMA user_version").fetchone()[0]
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not tables >= _OURS if found else tables:
        raise StateFileError(f"The file {path} is a database of another program. Pass another --state.")
    if found > newest:
        raise StateFileVersion(path, found, newest)
    for version in range(found + 1, newest + 1):
        with contextlib.closing(connection.cursor()) as cursor:
            cursor.executescript(
                f"BEGIN IMMEDIATE;\n{sections[str(version)]}\nPRAGMA user_version = {version};\nCOMMIT;"
            )
