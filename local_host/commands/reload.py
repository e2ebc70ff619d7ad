"""Notices when an app's files change, for `start --reload`."""

from __future__ import annotations

import asyncio
from pathlib import Path

_INTERVAL_S = 0.7
_WATCHED = {".py", ".json"}
_SKIPPED = {"node_modules", "__pycache__", "site-packages"}


async def until_changed(directory: Path) -> None:
    """Return when a Python or JSON file below the folder is written, added or removed."""
    before = _snapshot(directory)
    while _snapshot(directory) == before:  # noqa: ASYNC110 - there is no event to wait for, only files to look at
        await asyncio.sleep(_INTERVAL_S)


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
