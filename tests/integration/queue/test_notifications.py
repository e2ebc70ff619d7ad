"""Notifications are delivered, later when the mail server is away, and dead-lettered in the end."""

import json
from collections.abc import AsyncIterator

import pytest

from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind, next_try
from domain.queues import NOTIFICATIONS
from sandbox.testing import Sandbox
from services.container import services
from tests.support.mails import Mailbox
from tests.support.messages import waiting_messages
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings

NOTIFICATION = Notification(
    message_id="a-1.order_failed",
    workflow=PROCESS_ORDER,
    key="a-1",
    kind=NotificationKind.ORDER_FAILED,
    email="ada@example.com",
)


@pytest.fixture
async def mailing_shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, mailbox: Mailbox
) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url)
    async with running_shop(sandbox) as running:
        yield running


async def arrive(shop: Shop, text: str, function: str = "deliver_notification") -> None:
    """Deliver a message of the queue."""
    await shop.host.run(function, text)


def waiting() -> int:
    """How many messages are on the queue, those for later included."""
    return int(services().storage.queue(NOTIFICATIONS).get_queue_properties().approximate_message_count or 0)


def dead_lettered() -> list[tuple[str, str | None]]:
    return [(letter.dead_letter_id, letter.reason_code) for letter in services().dead_letters.list().items]


async def test_a_message_becomes_a_mail(mailing_shop: Shop, mailbox: Mailbox):
    await arrive(mailing_shop, NOTIFICATION.model_dump_json())
    assert list(mailbox.mails) == ["<a-1.order_failed@localhost>"]
    assert dead_lettered() == []


async def test_a_message_waits_while_the_mail_server_is_away_and_is_dead_lettered_in_the_end(
    mailing_shop: Shop, mailbox: Mailbox
):
    services().outbox.put(NOTIFICATION)
    services().storage.queue(NOTIFICATIONS).clear_messages()
    mailbox.refuse("421 gone for lunch")
    message: Notification = NOTIFICATION
    while (again := next_try(message)) is not None:
        await arrive(mailing_shop, message.model_dump_json())
        assert (waiting(), dead_lettered()) == (1, [])
        assert not services().storage.queue(NOTIFICATIONS).peek_messages(), "it is not to be tried again at once"
        services().storage.queue(NOTIFICATIONS).clear_messages()
        message = again[0]
    await arrive(mailing_shop, message.model_dump_json())
    assert (waiting(), dead_lettered()) == (0, [("mail.a-1.order_failed", "no_answer")])


async def test_a_refused_mail_is_dead_lettered_at_once_and_sent_by_a_replay(mailing_shop: Shop, mailbox: Mailbox):
    mailbox.refuse("550 no such person")
    await arrive(mailing_shop, NOTIFICATION.model_dump_json())
    assert dead_lettered() == [("mail.a-1.order_failed", "mail_refused")]
    mailbox.refuse(None)
    assert (await mailing_shop.post("dead-letters/mail.a-1.order_failed/replay")).status == 202
    await mailing_shop.host.run_until_idle()
    shown = await mailing_shop.get("dead-letters/mail.a-1.order_failed")
    assert shown.json()["state"] == "replayed"
    assert mailbox.taken == 1


async def test_what_the_host_gave_up_on_is_dead_lettered(mailing_shop: Shop):
    await arrive(mailing_shop, NOTIFICATION.model_dump_json(), "dead_letter_notification")
    await arrive(mailing_shop, NOTIFICATION.model_dump_json(), "dead_letter_notification")
    assert dead_lettered() == [("mail.a-1.order_failed", "delivery_failed")]


async def test_an_unreadable_message_is_left_to_the_host_and_then_dead_lettered_without_its_text(mailing_shop: Shop):
    await arrive(mailing_shop, '{"secret": 1}')
    assert (waiting_or_none(), dead_lettered()) == (0, [])
    await arrive(mailing_shop, '{"secret": 1}', "dead_letter_notification")
    ((name, reason),) = dead_lettered()
    assert reason == "unreadable"
    assert "secret" not in services().dead_letters.list().items[0].model_dump_json()
    assert (await mailing_shop.post(f"dead-letters/{name}/replay")).status == 409


async def test_an_order_is_untouched_by_an_undeliverable_mail(mailing_shop: Shop, mailbox: Mailbox):
    mailbox.refuse("550 no such person")
    await mailing_shop.stock("mug", 10)
    assert (await mailing_shop.post("orders", order_request(order_id="a-1"))).status == 202
    await mailing_shop.host.run_until_idle()
    message = services().storage.queue(NOTIFICATIONS).receive_message()
    await arrive(mailing_shop, str(message.content))
    assert dead_lettered() == [("mail.a-1.order_completed", "mail_refused")]
    assert (await mailing_shop.get("orders/a-1")).json()["status"] == "completed"


def waiting_or_none() -> int:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return waiting()
    except ResourceNotFoundError:
        return 0


async def test_a_new_user_is_welcomed_by_name(mailing_shop: Shop, mailbox: Mailbox):
    newcomer = {
        "id": "ob-1",
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "country": "US",
        "postal_code": "94107",
        "birth_date": "1990-12-10",
        "accepts_terms": True,
    }
    assert (await mailing_shop.post("onboarding", newcomer)).status == 202
    await mailing_shop.host.run_until_idle()
    (message,) = waiting_messages()
    await arrive(mailing_shop, json.dumps(message))
    (mail,) = mailbox.to("ada@example.com")
    assert mail["Subject"] == "Welcome, Ada Lovelace"
