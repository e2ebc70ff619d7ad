"""Write the mail that a notification asks for, and send it."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from domain.errors import StorageUnavailable
from domain.mail.message import Mail
from domain.mail.notification import CLAIM_DECISIONS, ORDER_APPROVALS, Notification
from domain.workflows.decision_link import DecisionLink
from domain.workflows.steps import Outcome, StepResult
from services.container import services

if TYPE_CHECKING:
    from domain.ports import Mailer
    from domain.repositories.orders import OrderRepository
    from domain.repositories.people import DecisionLinks, SentMessages, Texts


class NotificationSender:
    """Sends the mails of notifications.

    Attributes:
        public_url: Where people reach the app.
    """

    def __init__(
        self,
        mailer: "Mailer",
        sent: "SentMessages",
        orders: "OrderRepository",
        links: "DecisionLinks",
        texts: "Texts",
        public_url: str,
    ) -> None:
        self._mailer = mailer
        self._sent = sent
        self._orders = orders
        self._links = links
        self._texts = texts
        self._public_url = public_url

    def deliver(self, notification: Notification) -> StepResult:
        """Send the mail of a notification, unless it was sent before.

        Returns:
            Done; refused or faulted when a repeat would not help.

        Raises:
            ProviderUnavailable: The same message is worth delivering again.
            StorageUnavailable: The same message is worth delivering again.
        """
        if not notification.email:
            return StepResult.faulted("no_recipient", "APPROVER_EMAILS names no approver for it")
        facts = self._facts(notification)
        if notification.kind in CLAIM_DECISIONS and facts["decision_url"] is None:
            return StepResult.faulted("links_not_set_up", "LINK_SECRET is not set")
        try:
            mail = self._mail(notification, facts)
        except ValidationError:
            return StepResult.faulted("mail_malformed", "the address or the subject is not one of a mail")
        # An outbox takes a message twice when the answer of the first time is lost.
        if self._sent.has(notification.message_id):
            return StepResult(reference=notification.message_id)
        result = self._mailer.send(mail)
        if result.outcome is Outcome.DONE:
            self._record_sent(notification.message_id)
        return result

    def _record_sent(self, message_id: str) -> None:
        # The mail has gone out: an error here would surely send it again; a missing record does so only if the message comes twice.
        with suppress(StorageUnavailable):
            self._sent.add(message_id)

    def _facts(self, notification: Notification) -> dict[str, Any]:
        """Return what the texts may show. order: its row, where the message is about an order that the repository knows."""
        kind = notification.kind
        facts: dict[str, Any] = {
            **notification.data,
            "id": notification.key,
            "public_url": self._public_url,
        }
        if kind in ORDER_APPROVALS | CLAIM_DECISIONS:
            facts["decision_url"] = None
        if "link" in notification.data:
            link = DecisionLink.model_validate(notification.data["link"])
            facts |= {"decision_url": self._links.address(link), "expires_at": link.expires_at}
        if kind in ORDER_APPROVALS or kind.startswith("order_"):
            facts["order"] = self._orders.get(notification.key)
        return facts

    def _mail(self, notification: Notification, facts: dict[str, Any]) -> Mail:
        """Return the mail. The first line of its text is the subject."""
        subject, _, text = self._texts(f"{notification.kind}.txt", **facts).partition("\n")
        return Mail(
            message_id=notification.message_id,
            to=(notification.email,),
            subject=subject.strip()[:200],
            text=text.lstrip("\n"),
            html=self._texts(f"{notification.kind}.html", **facts, subject=subject),
        )


def notification_sender() -> NotificationSender:
    """Return the sender that this process's settings make."""
    parts = services()
    return NotificationSender(
        parts.mailer,
        parts.sent_messages,
        parts.order_repository,
        parts.decision_links,
        parts.texts,
        parts.settings.public_url,
    )
