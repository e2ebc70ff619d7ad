"""Users, and what is sent to people: messages, their texts, and the links in them."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.expenses.claim import WithdrawalRight
from domain.files.blob_link import BlobLink
from domain.mail.notification import Notification, Resend
from domain.onboarding.user import PersistUser
from domain.personal.erasure import Erasure
from domain.personal.export import CustomerData
from domain.personal.run import DataPlace
from domain.personal.traces import Traces
from domain.workflows.decision_link import DecisionLink


class Users(Protocol):
    """The registered users."""

    def of_person(self, user_id: str, emails: Collection[str]) -> Sequence[PersistUser]:
        """Return the users with this id or one of these addresses."""

    def remove(self, user_id: str) -> None:
        """Delete a user."""

    def add(self, request: PersistUser) -> bool:
        """Insert a user; False when another run has inserted one with this address."""


class PersonalDataStores(Protocol):
    """The stores that have no index by customer: they are read whole."""

    def documents(
        self, traces: Traces, cursor: str | None, has_time: Callable[[], bool]
    ) -> tuple[list[tuple[str, str]], str | None]:
        """Return documents with a trace, name and text, and where the next call begins; None after the last one."""

    def scrub(self, traces: Traces, path: str) -> None:
        """Rewrite a document without its traces; delete one that is named after the customer."""

    def awaited_messages(self, traces: Traces) -> list[str]:
        """Return the queues whose next messages have a trace: their functions are about to take them."""

    def poison_messages(self, traces: Traces, *, delete: bool) -> list[str]:
        """Return the poison messages with a trace. delete: whether they are deleted."""


class Erasures(Protocol):
    """The erasures of customers' data."""

    def find(self, subject: str) -> Erasure | None:
        """Return the erasure of a customer's data, by the digest of the id; None when none was asked for."""

    def put(self, subject: str, erasure: Erasure) -> None:
        """Store how far an erasure is."""

    def unfinished(self) -> Sequence[Erasure]:
        """Return the erasures that are not done."""


class CustomerExports(Protocol):
    """The exports of customers' data. key: the run's."""

    def write_page(self, key: str, place: DataPlace, number: int, page: CustomerData) -> None:
        """Keep a page. A repeat replaces it."""

    def assemble(self, key: str, empty: CustomerData) -> str:
        """Make the document of all pages, and return the name of its blob."""

    def link(self, key: str) -> BlobLink:
        """Return where the document can be read for a while."""


class Outbox(Protocol):
    """Messages to people that wait for their delivery."""

    def put(self, notification: Notification, later: timedelta = ...) -> None:
        """Store a message, to be delivered that much later. A repeat stores a second one with the same `message_id`."""


class SentMessages(Protocol):
    """Which messages to people were sent."""

    def has(self, message_id: str) -> bool:
        """Return whether the message was sent."""

    def add(self, message_id: str) -> None:
        """Record that the message was sent."""

    def note_resend(self, message_id: str, resend: Resend) -> None:
        """Record that a message is to be sent once more, under another id."""

    def resends(self, message_id: str) -> Sequence[Resend]:
        """Return when a message was to be sent once more, and under which ids, oldest first."""


class DecisionLinks(Protocol):
    """Signed links to the page on which an approver decides."""

    def address(self, link: DecisionLink) -> str | None:
        """Return the address of the page; None when links are not set up."""

    def read(self, token: str, now: datetime | None = None) -> DecisionLink:
        """Return what a link says. Raises LinkInvalid and LinkExpired."""

    def token(self, link: DecisionLink) -> str:
        """Return what proves that the approver of a wait sends a decision."""

    def withdrawal_token(self, right: WithdrawalRight) -> str | None:
        """Return what proves that a claimant withdraws a claim, always the same; None when there is no secret."""

    def read_withdrawal(self, token: str) -> WithdrawalRight:
        """Return what a claimant's token says. Raises LinkInvalid."""


class FailedLinks(Protocol):
    """When links from one address have failed."""

    def add(self, source: str, now: datetime, most: int, within: timedelta) -> datetime | None:
        """Record that one failed, unless as many have as may: then return until when no further one may fail."""

    def delete_unchanged_since(self, before: datetime, has_time: Callable[[], bool] = ...) -> int:
        """Delete what is of no use any longer. Return of how many addresses. has_time: whether it may go on."""


class Texts(Protocol):
    """The texts of mails and pages."""

    def __call__(self, name: str, /, **facts: object) -> str:
        """Return a text. name: of its template, such as `order_completed.html`. What is put into HTML is escaped."""
