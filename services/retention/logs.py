"""Purge what is recorded of callers: links that failed, after an hour."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.container import services

_LINKS_RETENTION: Final = timedelta(hours=1)


async def purge_logs(now: datetime, has_time: Callable[[], bool]) -> None:
    """Purge what is past its retention. has_time: whether the run may go on."""
    if has_time():
        await asyncio.to_thread(services().failed_links.delete_unchanged_since, now - _LINKS_RETENTION)
