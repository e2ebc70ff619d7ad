"""Deliver notifications: later and later while a mail server is away, and dead-lettered when that does not help.

The order, or whatever else a message is about, has long gone on: nothing here touches it.
"""

import asyncio
import hashlib
import logging
from datetime import UTC, datetime
from typing import Final

from domain.errors import ProviderUnavailable, StorageUnavailable
from domain.ids import mail_dead_letter_id
from domain.mail.notification import Notification, next_try
from domain.mail.steps import MAIL, MAIL_NOTIFICATION
from domain.workflows.commands import activity_command
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import Outcome, StepResult
from services.container import services
from services.mail.notifications import notification_sender
from services.telemetry import emit_dead_letter

# Constructed, not validated: a cold start need not build a validator for a constant.
_GIVEN_UP: Final = StepResult.model_construct(
    outcome=Outcome.UNKNOWN, reason_code="delivery_failed", message="the host delivered it five times in vain"
)

_log = logging.getLogger(__name__)


async def deliver(notification: Notification) -> None:
    """Send one message, or put it back for later, or dead-letter it.

    Raises:
        StorageUnavailable: None of them could be done.
    """
    try:
        result = await asyncio.to_thread(notification_sender().deliver, notification)
    except (ProviderUnavailable, StorageUnavailable) as error:
        _log.warning("%s: not delivered: %s", notification.message_id, error)
        again = next_try(notification)
        if again is not None:
            await asyncio.to_thread(services().outbox.put, again[0], later=again[1])
            return
        result = StepResult(outcome=Outcome.UNKNOWN, reason_code="no_answer", message=str(error)[:500])
    if result.outcome is not Outcome.DONE:
        await _store(_undelivered(notification, result))


async def dead_letter(notification: Notification) -> None:
    """Dead-letter a message that the host gave up on.

    Raises:
        StorageUnavailable: The same call may be made again.
    """
    await _store(_undelivered(notification, _GIVEN_UP))


async def dead_letter_unreadable(body: bytes) -> None:
    """Dead-letter a queue message that is no notification.

    Raises:
        StorageUnavailable: The same call may be made again.
    """
    await _store(_unreadable(body))


def _undelivered(notification: Notification, result: StepResult) -> DeadLetter:
    """Return the record of a message that was not delivered; a replay of the record sends it."""
    return DeadLetter(
        dead_letter_id=mail_dead_letter_id(notification.message_id),
        workflow=notification.workflow,
        key=notification.key,
        step=MAIL,
        commands=(activity_command(MAIL_NOTIFICATION, notification),),
        reason_code=result.reason_code,
        message=result.message,
        dead_lettered_at=datetime.now(UTC),
    )


def _unreadable(body: bytes) -> DeadLetter:
    """Return the record of a message that is none. It holds only size and digest: the message may hold what must not be seen."""
    name = f"unreadable-{hashlib.sha256(body).hexdigest()[:20]}"
    return DeadLetter(
        dead_letter_id=mail_dead_letter_id(name),
        step=MAIL,
        commands=(),
        reason_code="unreadable",
        message=f"a message of {len(body)} bytes on the queue of notifications is not one",
        dead_lettered_at=datetime.now(UTC),
    )


async def _store(dead_letter: DeadLetter) -> None:
    emit_dead_letter(await asyncio.to_thread(services().dead_letters.store, dead_letter))
    _log.error("%s is dead-lettered (%s): %s", dead_letter.dead_letter_id, dead_letter.reason_code, dead_letter.message)
