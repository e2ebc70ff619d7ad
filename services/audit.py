"""Write what people do into the audit log, before they do it: an action that cannot be recorded is not done.

A second record says how it was answered. Where that one is missing, because the process died or the store did not answer, the
action may have happened: the first one is there in any case.
"""

import asyncio
import logging
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote

from domain.audit import AuditEvent, AuditRecord
from domain.cards import looks_like_card_number
from domain.errors import StorageUnavailable
from services.container import services

_WITHHELD: Final = "(withheld: looks like a card number)"

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
        who=_shown(who),
        roles=tuple(sorted(roles)),
        operation=operation,
        method=method,
        path=_shown(path)[:500],
        source=source,
    )
    await asyncio.to_thread(services().audit_log.append, record)
    return record


def _shown(text: str) -> str:
    """Return a text as it may be stored: never with what looks like a card number, in any part of it."""
    parts = [text, *unquote(text).split("/")]
    return _WITHHELD if any(looks_like_card_number(part) for part in (*parts, unquote(text))) else text


async def record_answer(requested: AuditRecord, status: int) -> None:
    """Record how an action was answered."""
    change = {"event": AuditEvent.ANSWERED, "at": datetime.now(UTC), "status": status}
    try:
        await asyncio.to_thread(services().audit_log.append, requested.model_copy(update=change))
    except StorageUnavailable as error:
        _log.warning("the answer %d to %s is missing in the audit log: %s", status, requested.action_id, error)
