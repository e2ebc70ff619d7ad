"""What people read: a mail for every kind of notification, in both forms, escaped."""

from datetime import datetime

import pytest

from adapters.azure_storage.storage import Storage
from adapters.mail.smtp import SmtpMailer
from adapters.rendering.texts import money, render
from adapters.stores.order_repository import OrderRepository
from adapters.stores.sent_messages import SentMessages
from adapters.web.decision_links import DecisionLinks
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import OrderProgress, OrderStatus
from domain.text import moment
from domain.workflows.steps import Outcome
from services.mail.notifications import NotificationSender
from tests.support.mails import Mailbox, text_of
from tests.support.orders import NOON, placed_order

EXPENSE = {
    "employee_id": "ada",
    "totals": [{"category": "meals", "currency": "usd", "amount_cents": 1_250}],
    "escalated": False,
    "approver": "<b>ann</b>",
    "comment": "<script>alert(1)</script>",
}
LINK = {
    "workflow": PROCESS_ORDER,
    "key": "order-1",
    "wait_id": "order-1.approval",
    "approver": "ann@example.com",
    "expires_at": "2999-01-02T03:04:05Z",
}


@pytest.fixture
def orders(storage: Storage) -> OrderRepository:
    repository = OrderRepository(storage)
    repository.accept(placed_order("order-1"), "fingerprint")
    return repository


def notification_sender(storage: Storage, mailbox: Mailbox, *, secret: str | None = "s") -> NotificationSender:
    links = DecisionLinks(secret, "https://shop.example")
    mailer = SmtpMailer(mailbox.url, "shop@example.com")
    return NotificationSender(
        mailer, SentMessages(storage), OrderRepository(storage), links, render, "https://shop.example"
    )


def notification(kind: NotificationKind, **changes: object) -> Notification:
    facts = {
        "message_id": f"order-1.{kind}",
        "workflow": PROCESS_ORDER,
        "key": "order-1",
        "kind": kind,
        "email": "ada@example.com",
    }
    return Notification.model_validate(
        {**facts, "data": {**EXPENSE, "link": LINK} if "expense" in kind else {}, **changes}
    )


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_kind_of_notification_has_its_mail(
    kind: NotificationKind, orders: OrderRepository, storage: Storage, mailbox: Mailbox
) -> None:
    assert notification_sender(storage, mailbox).deliver(notification(kind)).outcome is Outcome.DONE
    (mail,) = mailbox.mails.values()
    assert mail["Message-ID"] == f"<order-1.{kind}@example.com>"
    assert mail["Subject"]
    for form in ("plain", "html"):
        text = text_of(mail, form)
        assert len(text) > 20
        assert "{{" not in text
        assert "{%" not in text


def test_an_approver_reads_what_is_ordered_by_whom_and_until_when_and_gets_a_link_of_their_own(
    orders: OrderRepository, storage: Storage, mailbox: Mailbox
) -> None:
    asked = notification(NotificationKind.APPROVAL_REQUESTED, email="ann@example.com", data={"link": LINK})
    notification_sender(storage, mailbox).deliver(asked)
    (mail,) = mailbox.mails.values()
    assert mail["To"] == "ann@example.com"
    for form in ("plain", "html"):
        for fact in ("20.00 USD", "mug", "ada@example.com", "2999-01-02 03:04 UTC"):
            assert fact in text_of(mail, form), fact
    _, _, token = text_of(mail).partition("/api/decisions?token=")
    assert DecisionLinks("s", "").read(token.split()[0]).to_wire() == LINK


def test_without_a_secret_an_approver_of_an_order_reads_how_else_to_decide(
    orders: OrderRepository, storage: Storage, mailbox: Mailbox
) -> None:
    asked = notification(NotificationKind.APPROVAL_REQUESTED, email="ann@example.com", data={"link": LINK})
    assert notification_sender(storage, mailbox, secret=None).deliver(asked).outcome is Outcome.DONE
    (mail,) = mailbox.mails.values()
    assert "POST https://shop.example/api/orders/order-1/approval" in text_of(mail)


def test_the_customers_mail_says_what_was_ordered(orders: OrderRepository, storage: Storage, mailbox: Mailbox) -> None:
    notification_sender(storage, mailbox).deliver(notification(NotificationKind.ORDER_COMPLETED))
    (mail,) = mailbox.to("ada@example.com")
    for form in ("plain", "html"):
        assert "A large mug" in text_of(mail, form)
        assert "20.00 USD" in text_of(mail, form)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (NotificationKind.ORDER_COMPLETED, "is invoiced and"),
        (NotificationKind.ORDER_REJECTED, "You owe nothing for this order."),
        (NotificationKind.ORDER_CANCELLED, "You owe nothing for this order."),
        (NotificationKind.ORDER_FAILED, "You owe nothing for this order."),
        (NotificationKind.ORDER_CLOSED, "You owe nothing for this order."),
    ],
)
def test_a_customer_who_pays_by_invoice_reads_of_no_charge(
    kind: NotificationKind, text: str, storage: Storage, mailbox: Mailbox
) -> None:
    by_invoice = placed_order("order-1", payment_provider="invoice", payment_method=None)
    OrderRepository(storage).accept(by_invoice, "fingerprint")
    notification_sender(storage, mailbox).deliver(notification(kind))
    (mail,) = mailbox.mails.values()
    for form in ("plain", "html"):
        shown = text_of(mail, form)
        assert text in shown
        assert "charged" not in shown
        assert "paid" not in shown


def test_an_order_that_is_not_in_the_repository_is_notified_all_the_same(storage: Storage, mailbox: Mailbox) -> None:
    sent = notification_sender(storage, mailbox).deliver(notification(NotificationKind.ORDER_FAILED))
    assert sent.outcome is Outcome.DONE


def test_texts_of_people_are_escaped_in_html(orders: OrderRepository, storage: Storage, mailbox: Mailbox) -> None:
    notification_sender(storage, mailbox).deliver(notification(NotificationKind.EXPENSE_REJECTED))
    (mail,) = mailbox.mails.values()
    assert "<script>" not in text_of(mail, "html")
    assert "&lt;script&gt;" in text_of(mail, "html")


def test_the_link_in_a_mail_is_the_approvers_own(orders: OrderRepository, storage: Storage, mailbox: Mailbox) -> None:
    asked = notification(NotificationKind.EXPENSE_DECISION_REQUESTED, email="ann@example.com")
    notification_sender(storage, mailbox).deliver(asked)
    (mail,) = mailbox.to("ann@example.com")
    _, _, token = text_of(mail).partition("/api/decisions?token=")
    link = DecisionLinks("s", "").read(token.split()[0])
    assert (link.key, link.approver) == ("order-1", "ann@example.com")


@pytest.mark.parametrize(
    ("reason_code", "message", "reason"),
    [
        ("undeliverable", "USPS: account 17 may not", "cannot deliver"),
        ("shipping_too_expensive", "the label costs 33.07 USD", "cost too much"),
        ("payment_declined", "the card was declined (stolen_card)", "Another means of payment"),
        ("payment_declined", "the invoice would exceed the customer's credit limit", "Another means of payment"),
        ("action_required", "the customer's bank requires an authentication", "Your bank"),
        ("authorisation_expired", "the bank has released the authorised money", "Your bank"),
        ("out_of_stock", "5 wanted, 2 available", "in stock"),
        ("approval_rejected", "The order was rejected by ann@example.com.", None),
        ("of_a_later_release", "not written for customers", None),
    ],
)
def test_what_the_ledger_says_is_for_operators_and_customers_read_a_reason_of_their_own(
    orders: OrderRepository, storage: Storage, mailbox: Mailbox, reason_code: str, message: str, reason: str | None
) -> None:
    orders.record(
        OrderProgress(order_id="order-1", status=OrderStatus.REJECTED, reason_code=reason_code, message=message)
    )
    notification_sender(storage, mailbox).deliver(notification(NotificationKind.ORDER_REJECTED))
    (mail,) = mailbox.mails.values()
    for form in ("plain", "html"):
        text = text_of(mail, form)
        assert message not in text
        assert ("Reason: " in text) is (reason is not None)
        assert reason is None or reason in text


def test_a_notification_that_cannot_be_sent_has_a_reason(
    orders: OrderRepository, storage: Storage, mailbox: Mailbox
) -> None:
    asked = notification(NotificationKind.EXPENSE_DECISION_REQUESTED)
    assert notification_sender(storage, mailbox, secret=None).deliver(asked).reason_code == "links_not_set_up"
    reminder = notification(NotificationKind.APPROVAL_REMINDER, email="")
    assert notification_sender(storage, mailbox).deliver(reminder).reason_code == "no_recipient"
    malformed = notification(NotificationKind.ORDER_FAILED, email="unknown")
    assert notification_sender(storage, mailbox).deliver(malformed).reason_code == "mail_malformed"
    assert not mailbox.mails


@pytest.mark.parametrize(
    ("cents", "currency", "text"),
    [
        (5, "usd", "0.05 USD"),
        (125_000, "eur", "1,250.00 EUR"),
        (1_250, "jpy", "1,250 JPY"),
        (1_230, "kwd", "1.230 KWD"),
    ],
)
def test_amounts_read_as_people_write_them(cents: int, currency: str, text: str) -> None:
    assert money(cents, currency) == text


@pytest.mark.parametrize("at", ["2026-03-01T12:00:59.357228Z", "2026-03-01T14:00:00+02:00", NOON])
def test_times_read_as_people_write_them(at: str | datetime) -> None:
    assert moment(at) == "2026-03-01 12:00 UTC"


def test_a_message_that_comes_twice_is_sent_once(orders: OrderRepository, storage: Storage, mailbox: Mailbox) -> None:
    for _ in range(2):
        sent = notification_sender(storage, mailbox).deliver(notification(NotificationKind.ORDER_FAILED))
        assert sent.outcome is Outcome.DONE
    assert mailbox.taken == 1
