"""Write what people do into the audit log, before they do it: an action that cannot be recorded is not done.

A second record says how it was answered. Where that one is missing, because the process died or the store did not answer, the
action may have happened: the first one is there in any case.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime

from domain.audit import AuditEvent, AuditRecord
from domain.errors import StorageUnavailable
from services.container import services

_log = logging.getLogger(__name__)


async def record_request(
    *, who: str, roles: Iterable[str], operation: str, method: str, path: str, source: str | None
) -> AuditRecord:
    """Record that an action is about to be tried, and return the record.

    Raises:
        StorageUnavailable: It must not be tried; the same request may be sent again.
    """
    record = AuditRecord(
        action_id=uuid.uuid4().hex,
        event=AuditEvent.REQUESTED,
        at=datetime.now(UTC),
        who=who,
        roles=tuple(sorted(roles)),
        operation=operation,
        method=method,
        path=path[:500],
        source=source,
    )
    await asyncio.to_thread(services().audit_log.append, record)
    return record


async def record_answer(requested: AuditRecord, status: int) -> None:
    """Record how an action was answered."""
    change = {"event": AuditEvent.ANSWERED, "at": datetime.now(UTC), "status": status}
    try:
        await asyncio.to_thread(services().audit_log.append, requested.model_copy(update=change))
    except StorageUnavailable as error:
        _log.warning("the answer %d to %s is missing in the audit log: %s", status, requested.action_id, error)
