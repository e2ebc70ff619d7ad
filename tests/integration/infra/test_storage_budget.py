"""An order's whole life, its parcel's included, asks storage for what the cost model counts, and for no more than the goal."""

import hashlib
import hmac
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from adapters.stores.order_index import PARTITIONS
from bench.order_budget import GOALS
from domain.ids import order_instance_id
from domain.queues import NOTIFICATIONS
from domain.shipping.tracking import MAX_SILENCE
from local_host.engine.history_events import EventType
from sandbox.testing import Sandbox
from scripts.cost import storage
from scripts.cost.storage import Requests
from scripts.cost.workload import Workload
from services.container import services
from services.shipping.silence import poll_silent
from tests.support.mails import Mailbox, mailbox
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.storage_requests import SentRequests

__all__ = ["mailbox"]

SECRET = "only for tests"
LOGGERS = {"shop", "activities", "adapters", "domain", "entities", "orchestrators", "services", "triggers"}
"""The app's own. What the host writes about each call is priced by recordings."""

NOTE_OF_STOCK = "PATCH products"
WAY = ("pre_transit", "in_transit", "out_for_delivery", "available_for_pickup", "delivered")
"""The statuses of a parcel's way."""

REPORTED = tuple(status for status in WAY for _ in range(2))


@pytest.fixture
async def shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, mailbox: Mailbox
) -> AsyncIterator[Shop]:
    """Run a shop whose tables and queues are there, because one order has ended, and so has its parcel."""
    use_settings(monkeypatch, storage_connection, sandbox, EASYPOST_WEBHOOK_SECRET=SECRET, SMTP_URL=mailbox.url)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        await live_until_its_end(running, "a-1")
        await report(running, "a-1", "delivered")
        yield running


async def live_until_its_end(shop: Shop, order_id: str, products: Sequence[str] = ("mug",)) -> None:
    """Place an order, let it end and its mail be sent, as the queue's trigger does."""
    lines = [{"product_id": product, "quantity": 2} for product in products]
    assert (await shop.post("orders", order_request(order_id=order_id, lines=lines))).status == 202
    await shop.host.run_until_idle()
    queue = services().storage.queue(NOTIFICATIONS)
    for message in queue.receive_messages(max_messages=32):
        await shop.host.run("deliver_notification", message.content)
        queue.delete_message(message)


async def report(shop: Shop, order_id: str, status: str) -> None:
    """Send what the carrier sends once the parcel has this status there."""
    tracker = shop.sandbox.post(f"/trackers/{order_id}", {"status": status})
    body = json.dumps({"description": "tracker.updated", "object": "Event", "result": tracker}).encode()
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-Hmac-Signature": f"hmac-sha256-hex={signed}"}
    answer = await shop.post("webhooks/carriers/easypost", data=body, headers=headers)
    assert (answer.status, answer.json()) == (200, {"tracked": True})


def split(sent: Counter[str]) -> Requests:
    """Return the requests to tables, and those that put or delete a message.

    The notes of stocks are no order's: a process stores one for each product and hour, however many orders come.
    """
    sent = Counter({what: count for what, count in sent.items() if what != NOTE_OF_STOCK})
    messages = sum(count for what, count in sent.items() if what in ("POST notifications", "DELETE notifications"))
    return Requests(tables=sent.total() - messages - sent["GET notifications"], queues=messages)


async def polled(requests: SentRequests, run: int = 1) -> Requests:
    """Have the timer poll a parcel; return what that asks for, the ranges apart that it reads whatever is stored."""
    requests.taken()
    assert await poll_silent(datetime.now(UTC) + run * (MAX_SILENCE + timedelta(minutes=1))) == 1
    sent = split(requests.taken())
    return Requests(sent.tables - len(PARTITIONS), sent.queues)


async def test_an_order_and_its_parcel_ask_for_what_the_model_counts_and_stay_within_the_goal(
    shop: Shop,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    storage_connection: str,
    caplog: pytest.LogCaptureFixture,
):
    caplog.set_level(logging.INFO)
    caplog.clear()
    requests, model = SentRequests(monkeypatch, storage_connection), Workload()
    await live_until_its_end(shop, "b-1")
    order = split(requests.taken())
    assert mailbox.taken == 2
    assert order.tables <= storage.ORDER.tables
    assert order.queues <= storage.ORDER.queues
    assert requests.taken_rows() <= storage.ORDER_ROWS

    # Behind the first report of a status: a second one is not recorded for hours, so that a poll would find more.
    polled_after = len(REPORTED) - 3
    for status in REPORTED[:polled_after]:
        await report(shop, "b-1", status)
    before_poll = split(requests.taken())
    requests.taken_rows()
    poll = await polled(requests)
    assert (poll, requests.taken_rows()) == (storage.SILENT_POLL, storage.SILENT_POLL_ROWS)
    for status in REPORTED[polled_after:]:
        await report(shop, "b-1", status)
    # With the parcel's end its index row goes, and no other takes its place.
    assert requests.taken_rows() == storage.RECORDED_REPORT_ROWS - 1
    reports = storage.total(before_poll, split(requests.taken()))
    assert reports == storage.total(storage.REPORT.times(len(REPORTED)), storage.RECORDED_REPORT.times(len(WAY)))

    assert (model.reports, model.recorded_reports) == (len(REPORTED), len(WAY))
    life = storage.total(model.hub_requests, order, poll, reports)
    assert life.number <= model.life_requests.number <= GOALS["storage requests"]
    own = [record.getMessage() for record in caplog.records if record.name.split(".")[0] in LOGGERS]
    assert len(own) == model.telemetry.facts, own


async def test_a_further_line_asks_the_app_for_its_product_and_the_hub_for_its_two_operations(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, storage_connection: str
):
    products = ("mug", "pan", "pot")
    for product in products[1:]:
        await shop.stock(product, 10)
    requests = SentRequests(monkeypatch, storage_connection)
    asked, hub = [], []
    for number in (1, 3):
        requests.taken()
        await live_until_its_end(shop, f"b-{number}", products[:number])
        asked.append(split(requests.taken()))
        status = await shop.host.operations.status(order_instance_id(f"b-{number}"), with_history=True)
        counted = Counter(event["EventType"] for event in status.history or ())
        hub.append((counted[EventType.TASK_SCHEDULED], counted[EventType.EVENT_SENT]))
    assert asked[1] == storage.total(asked[0], Requests(tables=2)), "one more read of the catalogue for each"
    assert hub == [(Workload().activities, 2), (Workload().activities, 6)]


@pytest.mark.parametrize(
    ("statuses", "asked"), [(["unknown", "in_transit"], [2, 3]), (["in_transit", "delivered"], [3, 2])]
)
async def test_a_poll_that_finds_what_no_event_has_reported_asks_for_little_more(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, storage_connection: str, statuses: list[str], asked: list[int]
):
    await live_until_its_end(shop, "b-1")
    requests = SentRequests(monkeypatch, storage_connection)
    for run, (status, number) in enumerate(zip(statuses, asked, strict=True), start=1):
        shop.sandbox.post("/trackers/b-1", {"status": status})
        assert await polled(requests, run) == Requests(tables=number)
    row = services().order_repository.get("b-1")
    assert row is not None
    assert row.tracking is not None
    assert row.tracking.status == statuses[-1]
