"""One request restocks many products: as a whole or not at all, once per name, with a result per line."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.ids import instance_id_of
from domain.inventory.bulk_restock import BULK_RESTOCK, DeliveryLine, restock_command
from domain.inventory.requests import ExpireRequest
from domain.keyed_changes import KEY_RETENTION
from domain.workflows.commands import step_of
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.run import RESTART, Restart
from domain.workflows.steps import Outcome, StepResult
from services.container import services
from tests.integration.timer.test_purge_history import client_of
from tests.support.shop import Shop
from tests.support.stock import signal

LINES = [{"product_id": "mug", "quantity": 5}, {"product_id": "beans", "quantity": 7}]


async def restock(shop: Shop, lines: list[dict[str, Any]], **more: Any) -> Any:
    answer = await shop.post("restocks", {"lines": lines, **more})
    await shop.host.run_until_idle()
    return answer


async def available(shop: Shop, product_id: str) -> int:
    return int((await shop.get(f"inventory/{product_id}")).json()["available"])


async def test_every_line_is_restocked_once_however_often_the_request_is_sent(shop: Shop):
    for product_id in ("mug", "beans"):
        await shop.stock(product_id, 1)
    first = await restock(shop, LINES, id="d-1")
    again = await restock(shop, LINES, id="d-1")
    assert (first.status, again.json()) == (202, first.json())
    document = (await shop.get("restocks/d-1")).json()
    assert (document["status"], document["detail"]["results"]) == ("completed", ["done", "done"])
    assert document["request"]["lines"] == LINES
    assert [await available(shop, "mug"), await available(shop, "beans")] == [6, 8]
    assert (await restock(shop, LINES[:1], id="d-1")).status == 409


async def test_a_line_that_the_stock_refuses_does_not_stop_the_others(shop: Shop, monkeypatch):
    for product_id in ("mug", "beans"):
        await shop.stock(product_id, 1)
    monkeypatch.setattr("domain.inventory.movements.MAX_STOCK", 7)
    await restock(shop, LINES, id="d-1")
    document = (await shop.get("restocks/d-1")).json()
    assert document["detail"]["results"] == ["done", "too_much"]
    assert "1 of 2 lines are in stock" in document["message"]


async def test_one_wrong_line_refuses_the_whole_request_by_its_field(shop: Shop):
    await shop.stock("mug", 1)
    unknown = await restock(shop, [*LINES[:1], {"product_id": "ghost", "quantity": 1}])
    twice = await restock(shop, [LINES[0], LINES[0]])
    zero = await restock(shop, [{"product_id": "mug", "quantity": 0}])
    none, many = await restock(shop, []), await restock(shop, LINES[:1] * 201)
    fields = [answer.json()["errors"][0]["field"] for answer in (unknown, twice, zero, none, many)]
    assert [answer.status for answer in (unknown, twice, zero, none, many)] == [422] * 5
    assert fields == ["lines[1].product_id", "lines[1].product_id", "lines[0].quantity", "lines", "lines"]
    assert await available(shop, "mug") == 1


@pytest.mark.parametrize(("age", "status"), [(timedelta(hours=1), 202), (KEY_RETENTION, 409)])
async def test_a_restock_is_not_replayed_once_its_stock_may_have_forgotten_it(shop: Shop, age: timedelta, status: int):
    await shop.stock("mug", 1)
    await restock(shop, LINES[:1], id="d-1")
    at = datetime.now(UTC) - age
    step = step_of(restock_command("d-1", DeliveryLine(product_id="mug", quantity=5), at))
    unknown = StepResult(outcome=Outcome.UNKNOWN)
    services().dead_letters.store(DeadLetter.of(BULK_RESTOCK, "d-1", step, unknown, at))
    replayed = await shop.post(f"dead-letters/{BULK_RESTOCK}.d-1.{step.name}/replay")
    await shop.host.run_until_idle()
    assert replayed.status == status, replayed.text
    assert await available(shop, "mug") == 6


async def test_a_run_that_is_started_again_after_its_stocks_have_forgotten_it_counts_nothing_twice(shop: Shop):
    for product_id in ("mug", "beans"):
        await shop.stock(product_id, 1)
    await restock(shop, LINES, id="d-1")
    began = datetime.now(UTC) + timedelta(seconds=1)  # by a clock that is ahead
    weeks_later = ExpireRequest(now=datetime.now(UTC) + KEY_RETENTION + timedelta(days=1))
    await signal(shop, "mug", "expire", weeks_later)
    takes_over = {
        "key": "d-1",
        "request": {"lines": LINES},
        RESTART: Restart(attempt=2, started_at=began).to_wire(),
    }
    await client_of(shop).start_new(BULK_RESTOCK, instance_id_of(BULK_RESTOCK, "d-1"), takes_over)
    await shop.host.run_until_idle()
    assert [await available(shop, "mug"), await available(shop, "beans")] == [6, 8]
    status = (await shop.get("restocks/d-1", view="durable")).json()["output"]
    assert status["detail"]["results"] == ["change_forgotten", "done"]
    assert status["message"] == "1 of 2 lines are in stock; 1 may or may not be."
