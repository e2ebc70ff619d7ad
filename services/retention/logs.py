"""Purge what is recorded of callers: the audit log after AUDIT_RETENTION_DAYS, links that failed after an hour."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from services.container import services

_LINKS_RETENTION: Final = timedelta(hours=1)


async def purge_logs(now: datetime, has_time: Callable[[], bool]) -> int:
    """Purge what is past its retention. Return how many records of the audit log were. has_time: whether the run may go on."""
    parts = services()
    await asyncio.to_thread(parts.failed_links.delete_unchanged_since, now - _LINKS_RETENTION, has_time)
    return await asyncio.to_thread(parts.audit_log.purge, now - parts.settings.audit_retention, has_time)
