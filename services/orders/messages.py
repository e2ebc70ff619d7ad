"""The mails about an order: to its approvers and to its customer, and what became of each."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from domain.errors import StorageUnavailable
from domain.ids import mail_dead_letter_id, notification_id
from domain.mail.notification import NotificationKind
from domain.orders.order import Order, OrderStatus
from domain.orders.run import notification_of_end
from domain.orders.steps import RESERVE_INVENTORY, WAIT_FOR_APPROVAL
from domain.workflows.dead_letter import DeadLetter
from services.concurrency import gather_bounded
from services.container import services
from services.orders.closing import closing_notification
from services.orders.document import OrderFacts
from services.orders.possible import OrderAction, possible_actions

_MAX_REMINDERS_SHOWN: Final = 5


class MailState(StrEnum):
    """What became of a mail."""

    SENT = "sent"
    DEAD_LETTERED = "dead-lettered"
    WAITING = "not sent yet"


class OrderMail(NamedTuple):
    """A mail about an order.

    Attributes:
        kind: What it is about; `order_completed`, say.
        to: The approver whom it goes to; None for the customer.
        resent_at: When an operator had it sent once more; None for the first one.
        dead_letter_id: Of its open dead letter, if it has one.
    """

    message_id: str
    kind: NotificationKind
    to: str | None = None
    resent_at: datetime | None = None
    state: MailState = MailState.WAITING
    dead_letter_id: str | None = None


async def mails_of(facts: OrderFacts, dead_letters: Sequence[DeadLetter] | None) -> tuple[OrderMail, ...] | None:
    """Return the mails of an order that were due by now; a reminder, only if it was sent. None while their store does not answer.

    Args:
        facts: What is known of the order.
        dead_letters: Every record of it; None while their store does not answer.
    """
    if facts.order is None:
        return ()
    mails = {each.message_id: each for each in _approval_mails(facts.order, facts)}
    open_letters = {each.dead_letter_id for each in dead_letters or () if each.is_open}

    async def stated(message_id: str) -> OrderMail:
        is_sent = await asyncio.to_thread(services().sent_messages.has, message_id)
        return _stated(mails[message_id], open_letters, is_sent=is_sent)

    try:
        mails |= {each.message_id: each for each in await _end_mails(facts.order, facts)}
        found = await gather_bounded(stated, mails)
    except StorageUnavailable:
        return None
    return tuple(_that_were_due(found))


def _that_were_due(mails: Sequence[OrderMail]) -> Iterator[OrderMail]:
    """Yield the mails without the reminders, and the one of two mails about an end, that seem never to have been due."""
    ends = [each for each in mails if each.to is None and each.resent_at is None]
    known = [each for each in ends if each.state is not MailState.WAITING] or ends[:1]
    for each in mails:
        is_reminder = each.kind is NotificationKind.APPROVAL_REMINDER
        if not (is_reminder and each.state is MailState.WAITING) and (each not in ends or each in known):
            yield each


def _stated(mail: OrderMail, open_letters: set[str], *, is_sent: bool) -> OrderMail:
    letter = mail_dead_letter_id(mail.message_id)
    if is_sent:
        return mail._replace(state=MailState.SENT)
    if letter in open_letters:
        return mail._replace(state=MailState.DEAD_LETTERED, dead_letter_id=letter)
    return mail


def _approval_mails(order: Order, facts: OrderFacts) -> Iterator[OrderMail]:
    """Yield those of the approval's wait, under the ids that the orchestrator gives them."""
    steps = {entry.step: entry.at for entry in facts.view.progress.steps}
    ended_at = steps.get(WAIT_FOR_APPROVAL)
    began_at = steps.get(RESERVE_INVENTORY)
    has_begun = ended_at is not None or facts.view.progress.status is OrderStatus.AWAITING_APPROVAL
    if not order.needs_approval or not has_begun or began_at is None:
        return
    waited = (ended_at or datetime.now(UTC)) - began_at
    policy, kinds, wait = order.policy, NotificationKind, facts.view.progress.approval
    asked = policy.approvers[: 1 + _times(waited, policy.approval_escalation_s)] if wait is None else wait.approvers
    if asked:
        yield _mail(order, kinds.APPROVAL_REQUESTED, "0", asked[0])
    for number, approver in enumerate(asked[1:], start=1):
        yield _mail(order, kinds.APPROVAL_ESCALATED, str(number), approver)
    reminders = _times(waited, policy.approval_reminder_s)
    for number in range(max(1, reminders - _MAX_REMINDERS_SHOWN + 1), reminders + 1):
        for place, approver in enumerate(asked, start=1):
            yield _mail(order, kinds.APPROVAL_REMINDER, str(number) if place == 1 else f"{number}.{place}", approver)


def _mail(order: Order, kind: NotificationKind, name: str, approver: str) -> OrderMail:
    return OrderMail(notification_id(order.order_id, f"{kind}.{name}"), kind, approver)


def _times(waited: timedelta, every_s: int) -> int:
    return max(0, int(waited.total_seconds() // every_s))


async def _end_mails(order: Order, facts: OrderFacts) -> Sequence[OrderMail]:
    """Return the mail about the order's end, and each that an operator had sent once more."""
    if OrderAction.RESEND_MAIL not in possible_actions(facts):
        return ()
    status = facts.view.progress.status
    by_saga, by_closing = notification_of_end(order, status), closing_notification(order, status)
    # Which of them an order gets depends on whether it needed attention first.
    firsts = [OrderMail(each.message_id, each.kind) for each in (by_saga, by_closing) if each is not None]
    resends = await asyncio.to_thread(services().sent_messages.resends, by_closing.message_id)
    return (*firsts, *(OrderMail(each.message_id, by_closing.kind, resent_at=each.asked_at) for each in resends))
