"""Whether a state file is whole."""

import sqlite3
from pathlib import Path


def integrity_of(path: Path) -> str:
    """Return SQLite's own verdict on a file; `ok` when nothing is wrong with it."""
    connection = sqlite3.connect(path)
    try:
        return str(connection.execute("PRAGMA integrity_check").fetchone()[0])
    finally:
        connection.close()
