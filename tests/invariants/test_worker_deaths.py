"""The worker process dies at every episode and every activity of an order, and the order ends as if nothing had been."""

import os
from collections.abc import AsyncIterator
from itertools import count
from typing import Literal

import pytest

from adapters.stores import file_batches
from services.orders import batches
from tests.invariants.order_cases import APPROVE, ORDER_CASES, SHELF, OrderCase, order_faults, stock_shelf
from tests.invariants.patterns import PATTERNS, SETTINGS
from tests.invariants.worker_deaths import mails_about, play, recover, recover_at_once, send_mails, spare_worker
from tests.support.books import assert_balanced, open_dead_letters
from tests.support.mails import Mailbox
from tests.support.shop import Shop, running_shop, use_settings

APPROVER = "ann@example.com"
_END_MAILS = {
    "completed": "order_completed",
    "rejected": "order_rejected",
    "cancelled": "order_cancelled",
    "failed": "order_failed",
}

MAX_DEATHS = 1_000 if os.environ.get("PROOF_ORDERS") else 12
"""Of one case: `make prove` goes through every moment, also of the hours in which a compensation is tried in vain."""

TIMEOUT_S = 3_600 if MAX_DEATHS > 12 else 600
"""Of one case: two deaths at any moments are hundreds of orders."""

MIN_ORDERS = 3
"""Of any of these cases, the one whose worker lives included; fewer would mean that no worker died."""

Moment = tuple[Literal["episode", "activity", "entity", "function"], Literal["before", "after"]]
MOMENTS: list[Moment] = [("episode", "before"), ("activity", "before"), ("activity", "after")]


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox, mailbox: Mailbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url, APPROVER_EMAILS=APPROVER)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        await stock_shelf(running)
        yield running


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("moment", MOMENTS, ids="-".join)
@pytest.mark.parametrize("name", [name for name, case in ORDER_CASES.items() if case.capture == "after_shipping"])
async def test_an_order_survives_the_death_of_its_worker_at_any_moment(
    shop: Shop, mailbox: Mailbox, name: str, moment: Moment
):
    case, placed = ORDER_CASES[name], {}
    during, when = moment
    for nth in range(1, MAX_DEATHS + 1):
        order_id, deaths = f"{name}-{nth}".replace("_", "-"), shop.host.worker_deaths
        placed[order_id] = case.wanted
        order_faults(shop.sandbox, order_id, case)
        shop.host.kill_worker(during=during, nth=nth, when=when)
        await play(shop, order_id, case)
        if shop.host.worker_deaths == deaths:
            break
    spare_worker(shop)
    ended = await assert_balanced(shop, SHELF, placed)
    assert {(order["status"], order["reason_code"]) for order in ended.values()} == {(case.status, case.reason)}
    await send_mails(shop)
    for order_id in placed:
        assert_mails(mailbox, order_id, case)
    assert len(placed) >= MIN_ORDERS


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize("name", ["completed_several_lines", "authorisation_expired", "cancelled_while_waiting"])
async def test_an_order_survives_two_deaths_at_any_moments(shop: Shop, mailbox: Mailbox, name: str):
    case, placed = ORDER_CASES[name], {}
    for first in range(1, MAX_DEATHS + 1, 1 if MAX_DEATHS > 12 else 2):
        deaths = shop.host.worker_deaths
        for second in range(1, MAX_DEATHS + 1, 2):
            before = shop.host.worker_deaths
            order_id = f"{name}-{first}-{second}".replace("_", "-")
            placed[order_id] = case.wanted
            order_faults(shop.sandbox, order_id, case)
            shop.host.kill_worker(during="episode", nth=first)
            await shop.post_until_answered("orders", case.body(order_id))
            await shop.host.run_until_idle()
            if shop.host.worker_deaths > before:
                shop.host.kill_worker(during="episode", nth=second)
            await play(shop, order_id, case)
            if shop.host.worker_deaths < before + 2:
                break
        if shop.host.worker_deaths == deaths:
            break
    spare_worker(shop)
    ended = await assert_balanced(shop, SHELF, placed)
    assert {(order["status"], order["reason_code"]) for order in ended.values()} == {(case.status, case.reason)}
    await send_mails(shop)
    for order_id in placed:
        assert_mails(mailbox, order_id, case)


@pytest.mark.parametrize(
    "moment", [(during, when) for during in ("entity", "function") for when in ("before", "after")]
)
async def test_an_order_survives_a_death_over_its_goods_or_its_requests(shop: Shop, mailbox: Mailbox, moment: Moment):
    case, placed = ORDER_CASES["approved"], {}
    during, when = moment
    for nth in count(1):
        order_id, deaths = f"approved-{nth}", shop.host.worker_deaths
        placed[order_id] = case.wanted
        shop.host.kill_worker(during=during, nth=nth, when=when)
        await shop.post("orders", case.body(order_id))
        await recover(shop)
        await shop.post(f"orders/{order_id}/approval", APPROVE[1])
        await recover(shop)
        spare_worker(shop)
        await play(shop, order_id, case)  # a caller who was answered 500 asks again
        if shop.host.worker_deaths == deaths or nth == MAX_DEATHS:
            break
    ended = await assert_balanced(shop, SHELF, placed)
    assert {order["status"] for order in ended.values()} == {"completed"}
    await send_mails(shop)
    for order_id in placed:
        assert_mails(mailbox, order_id, case)


def assert_mails(mailbox: Mailbox, order_id: str, case: OrderCase) -> None:
    mails = mails_about(mailbox, order_id)
    assert set(mails.values()) <= {1}, mails
    ends = {kind for kind in mails if kind.startswith("order_")}
    assert ends == {_END_MAILS[case.status]} if case.status in _END_MAILS else not ends, (order_id, mails)
    if "piano" in case.wanted and case.reason != "out_of_stock":
        assert "approval_requested.0" in mails, (order_id, mails)


@pytest.fixture
async def office(monkeypatch, storage_connection, sandbox, mailbox: Mailbox) -> AsyncIterator[Shop]:
    """Yield the same shop for runs of every other workflow."""
    use_settings(monkeypatch, storage_connection, sandbox, **{**SETTINGS, "SMTP_URL": mailbox.url})
    monkeypatch.setattr(file_batches, "CHUNK_FILES", 1)
    monkeypatch.setattr(batches, "CHUNK_LINES", 1)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        yield running


@pytest.mark.timeout(TIMEOUT_S)
@pytest.mark.parametrize(
    ("name", "moment"),
    [
        pytest.param(name, moment, id="-".join((name, *moment)))
        for name, pattern in PATTERNS.items()
        for moment in MOMENTS
        if pattern.calls_activities or moment[0] == "episode"
    ],
)
async def test_a_run_survives_the_death_of_its_worker_at_any_moment(
    office: Shop, mailbox: Mailbox, name: str, moment: Moment
):
    pattern, keys = PATTERNS[name], list[str]()
    during, when = moment
    for nth in count(1):
        keys.append(f"k-{nth}")
        deaths = office.host.worker_deaths
        if pattern.prepare is not None:
            await pattern.prepare(office, keys[-1])
            await recover(office)
        office.host.kill_worker(during=during, nth=nth, when=when)
        await pattern.ask(office, keys[-1])
        await recover(office)
        if office.host.worker_deaths == deaths:
            break
        await office.host.advance(minutes=2)
        await pattern.ask(office, keys[-1])
    spare_worker(office)
    for _ in range(3):
        await office.host.advance(hours=1)
        await recover(office)
    for key in keys:
        await pattern.ended(office, key)
    await send_mails(office)
    assert set(mailbox.times.values()) <= {1}, mailbox.times
    assert [dead_letter for dead_letter in await open_dead_letters(office) if dead_letter["step"] == "run"] == []
    assert len(keys) > 1, "its worker never died: a workflow of one activity has one such moment"
