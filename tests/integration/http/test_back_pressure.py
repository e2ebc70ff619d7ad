"""New orders are refused while accepted ones wait too long, by every way in; what was accepted before is answered."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from domain.errors import StorageUnavailable
from domain.orders.backlog import SAMPLE_SIZE
from domain.orders.order import OrderProgress, OrderStatus
from local_host.testing import Answer
from services import order_backlog
from services.container import services
from services.order_backlog import MEASURE_INTERVAL_S, PAUSE_RETENTION_S, OrderBacklog
from tests.support.order_requests import order_request
from tests.support.orders import placed_order
from tests.support.shop import Shop, change_settings

LATE = timedelta(minutes=11)
MAX_COMMON_THREADS = 32
"""Of Python's default, on however many processors."""


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the backlog measured on a busy machine, too, where that may take longer than a shop waits."""
    monkeypatch.setattr(order_backlog, "CHECK_TIMEOUT_S", 60)


def let_orders_wait(
    count: int = SAMPLE_SIZE, ago: timedelta = LATE, status: OrderStatus = OrderStatus.ACCEPTED
) -> None:
    """Accept orders a while ago of which nothing has been started, or which stand where `status` says."""
    for number in range(count):
        order_id = f"{status.value.replace('_', '-')}-{number}"
        order = placed_order(order_id, placed_at=datetime.now(UTC) - ago)
        services().order_repository.accept(order, "fingerprint")
        if status is not OrderStatus.ACCEPTED:
            services().order_repository.record(OrderProgress(order_id=order_id, status=status, message="", steps=()))


def assert_refused(answer: Answer) -> None:
    assert (answer.status, answer.json()["code"]) == (503, "backlog_too_old")
    assert 30 <= int(answer.headers["Retry-After"]) < 60


async def test_no_new_order_is_accepted_while_others_wait_too_long(shop: Shop, caplog: pytest.LogCaptureFixture):
    await shop.stock("mug", 10)
    let_orders_wait()
    assert_refused(await shop.post("orders", order_request(order_id="a-1")))
    assert_refused(await shop.post("orders", order_request()))
    lines = json.dumps(order_request()) + "\n"
    assert_refused(await shop.post("orders/batch", data=lines, headers={"Content-Type": "application/x-ndjson"}))
    assert (await shop.post("carts/ada/items", {"product_id": "mug", "quantity": 1})).status == 202
    await shop.host.run_until_idle()
    checkout = {name: order_request()[name] for name in ("payment", "ship_to", "email")}
    assert_refused(await shop.post("carts/ada/checkout", checkout))
    health = await shop.get("health")
    assert (health.status, health.json()["intake"]["state"]) == (200, "paused")
    assert health.json()["intake"]["oldest_wait_s"] >= LATE.total_seconds()
    assert caplog.text.count('"evt": "order.intake", "state": "paused"') == 1


async def test_what_was_accepted_before_is_answered_as_before(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await shop.stock("mug", 10)
    lines = {"data": json.dumps(order_request()) + "\n", "headers": {"Content-Type": "application/x-ndjson"}}
    first = await shop.post("orders", order_request(order_id="a-1"))
    batch = await shop.post("orders/batch", **lines)
    let_orders_wait()
    change_settings(monkeypatch)  # a process of its own, which measures at once
    again = await shop.post("orders", order_request(order_id="a-1"))
    assert (again.status, again.json()) == (202, first.json())
    repeated = await shop.post("orders/batch", **lines)
    assert (repeated.status, repeated.json()) == (202, batch.json())
    assert (await shop.post("orders", order_request(order_id="a-1", customer_id="bob"))).status == 409


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
async def test_a_message_of_the_queue_comes_again_later(shop: Shop, encoding: str):
    await shop.stock("mug", 10)
    let_orders_wait()
    await shop.host.run("take_in_queued_order", json.dumps(order_request(order_id="a-1")).encode(encoding))
    assert services().order_repository.get("a-1") is None
    queue = services().storage.queue("orders-in")
    assert queue.get_queue_properties().approximate_message_count == 1
    assert queue.peek_messages() == [], "not at once"


@pytest.mark.parametrize(
    ("count", "ago", "status"),
    [
        (SAMPLE_SIZE, timedelta(minutes=9), OrderStatus.ACCEPTED),
        (SAMPLE_SIZE // 2, LATE, OrderStatus.ACCEPTED),
        (SAMPLE_SIZE, timedelta(hours=2), OrderStatus.ACCEPTED),
        (SAMPLE_SIZE, LATE, OrderStatus.RESERVED),
    ],
    ids=["not long enough", "a few that are stuck", "stuck for long", "started, and held up by a provider"],
)
async def test_orders_that_are_no_backlog_close_no_shop(shop: Shop, count: int, ago: timedelta, status: OrderStatus):
    await shop.stock("mug", 10)
    let_orders_wait(count, ago, status)
    assert (await shop.post("orders", order_request())).status == 202


async def test_stuck_orders_close_no_shop_once_newer_ones_have_begun(shop: Shop):
    await shop.stock("mug", 10)
    let_orders_wait(SAMPLE_SIZE, LATE * 2)
    let_orders_wait(SAMPLE_SIZE // 2, LATE, OrderStatus.RESERVED)
    assert (await shop.post("orders", order_request())).status == 202


async def test_without_a_limit_every_order_is_accepted(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    await shop.stock("mug", 10)
    let_orders_wait()
    change_settings(monkeypatch, INTAKE_MAX_WAIT_S="0")
    assert (await shop.post("orders", order_request())).status == 202
    assert (await shop.get("health")).json()["intake"]["state"] == "unlimited"


async def test_the_shop_opens_by_itself_and_a_backlog_that_cannot_be_measured_closes_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    let_orders_wait()
    now = 0.0
    backlog = OrderBacklog(services().order_repository, timedelta(minutes=10), lambda: now)
    assert (await backlog.view()).state == "paused"
    let_orders_wait(SAMPLE_SIZE, LATE - timedelta(seconds=30), OrderStatus.RESERVED)
    assert (await backlog.view()).state == "paused", "measured just now"
    now += MEASURE_INTERVAL_S
    assert (await backlog.view()).state == "open"
    assert '"evt": "order.intake", "state": "open"' in caplog.text
    change_settings(
        monkeypatch,
        SHOP_STORAGE="DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;"
        "TableEndpoint=http://127.0.0.1:1/a;",
    )
    unreachable = OrderBacklog(services().order_repository, timedelta(minutes=10), lambda: now)
    assert (await unreachable.view()).state == "unknown"


async def test_a_pause_outlasts_a_storage_that_is_slow_for_a_moment(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    let_orders_wait()
    now = 0.0
    repository = services().order_repository
    backlog = OrderBacklog(repository, timedelta(minutes=10), lambda: now)
    assert (await backlog.view()).state == "paused"

    def fail(*_: Any, **__: Any) -> None:
        raise StorageUnavailable("away, because the test says so")

    monkeypatch.setattr(repository, "list", fail)
    states = []
    for _ in range(PAUSE_RETENTION_S // MEASURE_INTERVAL_S):
        now += MEASURE_INTERVAL_S
        states.append((await backlog.view()).state)
    assert states == ["paused"] * (len(states) - 1) + ["unknown"]
    assert caplog.text.count("could not be measured") == len(states)


async def test_a_row_that_cannot_be_read_refuses_no_order(shop: Shop, caplog: pytest.LogCaptureFixture):
    """As one of a newer release, whose orders have a status that is not known here."""
    await shop.stock("mug", 10)
    let_orders_wait(1)
    orders = services().storage.table("orders")
    for row in list(orders.list_entities(select=["PartitionKey", "RowKey"])):
        if row["RowKey"].startswith("$all"):
            orders.update_entity({**row, "status": "teleported"})
    assert (await shop.post("orders", order_request())).status == 202
    assert (await shop.get("health")).json()["intake"]["state"] == "unknown"
    assert "the backlog of orders could not be measured" in caplog.text


async def test_the_backlog_is_measured_while_requests_wait_for_a_thread(shop: Shop):
    let_orders_wait()
    is_measured = Event()
    loop = asyncio.get_running_loop()
    waiting = [loop.run_in_executor(None, is_measured.wait) for _ in range(MAX_COMMON_THREADS)]
    try:
        backlog = OrderBacklog(services().order_repository, timedelta(minutes=10))
        assert (await backlog.view()).state == "paused"
    finally:
        is_measured.set()
        await asyncio.gather(*waiting)
