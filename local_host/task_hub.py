"""The store of one task hub: SQLite, one writer."""

from __future__ import annotations

from pathlib import Path


class TaskHub:
    """Instances, entities, their messages and timers, in one SQLite file."""

    @classmethod
    def open(cls, path: str | Path) -> TaskHub:
        """Open or create the file; `:memory:` keeps everything in memory.

        Raises StateFileLocked when another process has it open, StateFileVersion when it is of a newer version.
        """
        raise NotImplementedError

    def close(self) -> None: ...
