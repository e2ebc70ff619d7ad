"""What operators read in the log arrives there: logged where the worker finds the invocation, and once."""

import json
import logging
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

import pytest

import activities.run
import services.container
import services.recovery.orders
import services.recovery.runs
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import ENDED, OrderProgress, OrderStatus
from domain.wire import Wire
from sandbox.testing import Sandbox
from services.telemetry import emit_status
from tests.support.books import finish
from tests.support.mails import Mailbox
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings

NOTIFICATION: Final = Notification(
    message_id="a-1.order_failed",
    workflow=PROCESS_ORDER,
    key="a-1",
    kind=NotificationKind.ORDER_FAILED,
    email="ada@example.com",
)

Lines = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Lines:
    """Return the operational lines so far that have these facts."""

    def found(**facts: Any) -> list[dict[str, Any]]:
        read = [json.loads(record.getMessage()) for record in caplog.records if record.name == "shop"]
        return [line for line in read if facts.items() <= line.items()]

    caplog.set_level(logging.INFO)
    return found


@pytest.fixture
async def mailing_shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, mailbox: Mailbox
) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url)
    async with running_shop(sandbox) as running:
        yield running


async def test_each_status_of_an_order_is_logged_once(shop: Shop, lines: Lines) -> None:
    await shop.stock("mug", 10)
    for _ in range(2):
        assert (await shop.post("orders", order_request(order_id="a-1"))).status in (200, 202)
    await shop.host.run_until_idle()
    statuses = [line["status"] for line in lines(evt="order.status", order_id="a-1")]
    assert statuses[0] == "accepted"
    assert statuses[-1] == "completed"
    assert len(set(statuses)) == len(statuses)


@pytest.fixture
def dying_over_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the first process that has stored an end of an order die before it can log that, wherever it is."""
    died_over = set[OrderStatus]()

    def emit_or_die(changed: Wire | None) -> None:
        if isinstance(changed, OrderProgress) and changed.status in ENDED - died_over:
            died_over.add(changed.status)
            raise ConnectionError("the process dies here, because the test says so")
        emit_status(changed)

    for module in (activities.run, services.recovery.orders):
        monkeypatch.setattr(module, "emit_status", emit_or_die)


@pytest.mark.usefixtures("dying_over_ends")
async def test_the_end_of_an_order_is_logged_by_the_next_process_where_the_first_died_over_it(
    shop: Shop, lines: Lines
) -> None:
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await finish(shop)
    assert len(lines(evt="order.status", order_id="a-1", status="completed")) == 1


@pytest.mark.usefixtures("dying_over_ends")
async def test_an_order_that_needs_attention_is_logged_by_the_next_run_where_the_first_died_over_it(
    shop: Shop, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services.recovery.runs, "ORPHANED_AFTER", services.recovery.runs.ORPHANED_AFTER * 0)
    await shop.stock("piano", 1, unit_price_cents=500_000)
    await shop.post("orders", order_request(order_id="a-1", lines=[{"product_id": "piano", "quantity": 1}]))
    await shop.host.run_until_idle()
    await shop.host.operations.terminate("a-1")
    await shop.host.run_until_idle()
    for _ in range(2):
        await shop.host.run("recover_runs")
    assert len(lines(evt="order.status", order_id="a-1", status="needs_attention")) == 1
    assert (await shop.post("orders/a-1/settlement")).status == 202
    await shop.host.advance(minutes=5)
    statuses = [line["status"] for line in lines(evt="order.status", order_id="a-1")]
    assert statuses[-1] == "failed", "the alert about it looks two days back, for an order's last line"


async def test_an_order_from_the_queue_is_logged_as_accepted(shop: Shop, lines: Lines) -> None:
    await shop.stock("mug", 10)
    await shop.host.run("take_in_queued_order", json.dumps(order_request(order_id="q-1")))
    assert len(lines(evt="order.status", order_id="q-1", status="accepted")) == 1


async def test_an_order_of_a_batch_is_logged_as_accepted(shop: Shop, lines: Lines) -> None:
    await shop.stock("mug", 10)
    batch = json.dumps(order_request(order_id="b-1")).encode()
    headers = {"Content-Type": "application/x-ndjson"}
    assert (await shop.host.http.post("/api/orders/batch", data=batch, headers=headers)).status == 202
    await shop.host.run_until_idle()
    assert len(lines(evt="order.status", order_id="b-1", status="accepted")) == 1


async def test_a_dead_letter_is_logged_when_it_is_stored_and_when_it_is_resolved(
    mailing_shop: Shop, mailbox: Mailbox, lines: Lines
) -> None:
    mailbox.refuse("550 no such person")
    await mailing_shop.host.run("deliver_notification", NOTIFICATION.model_dump_json())
    resolution = {"resolved_by": "ops", "reason": "by phone"}
    for _ in range(2):
        resolved = await mailing_shop.post("dead-letters/mail.a-1.order_failed/resolve", resolution)
        assert resolved.status == 200
    states = [line["state"] for line in lines(evt="dead_letter", dead_letter_id="mail.a-1.order_failed")]
    assert states == ["open", "resolved"]


@pytest.mark.parametrize("body", [NOTIFICATION.model_dump_json(), '{"secret": 1}'])
async def test_a_notification_that_the_host_gave_up_on_is_logged(
    mailing_shop: Shop, lines: Lines, caplog: pytest.LogCaptureFixture, body: str
) -> None:
    await mailing_shop.host.run("dead_letter_notification", body)
    assert len(lines(evt="dead_letter", state="open")) == 1
    (error,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "dead-lettered" in error.getMessage()
    assert "secret" not in error.getMessage()


async def test_a_notification_for_later_is_logged(
    mailing_shop: Shop, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    services.container.services().outbox.put(NOTIFICATION)
    mailbox.refuse("421 gone for lunch")
    await mailing_shop.host.run("deliver_notification", NOTIFICATION.model_dump_json())
    assert any("not delivered" in record.getMessage() for record in caplog.records)
