"""Notices when an app's files change, for `start --reload`."""

from __future__ import annotations

import asyncio
from pathlib import Path

_POLL_INTERVAL_S = 0.7
_WATCHED = {".py", ".json"}
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


class Watch:
    """The files as they are when it is made; make it before the app is loaded, so that no change falls in between."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._before = _snapshot(directory)

    async def until_changed(self) -> None:
        """Return when a Python or JSON file below the folder is written, added or removed."""
        while _snapshot(self._directory) == self._before:  # noqa: ASYNC110 - there are only files to look at
            await asyncio.sleep(_POLL_INTERVAL_S)


def _snapshot(directory: Path) -> dict[Path, int]:
    found: dict[Path, int] = {}
    for path in directory.iterdir():
        if path.name in _SKIPPED or path.name.startswith("."):
            continue
        if path.is_dir():
            found.update(_snapshot(path))
        elif path.suffix in _WATCHED:
            found[path] = path.stat().st_mtime_ns
    return found
