"""An instance stops at any moment, in any way: one settlement leaves nothing open, and money, stock and parcels balance."""

import os
from collections.abc import AsyncIterator, Iterator
from itertools import count

import pytest

from adapters.stores import file_batches
from domain.carts.cart import CHECKOUT_CART, checkout_id
from domain.ids import instance_id_of, order_id_for_key
from domain.orders.batch import ORDER_BATCH
from domain.personal.run import CUSTOMER_DATA
from services.orders import batches
from tests.invariants.order_cases import ORDER_CASES, SHELF, OrderCase, stock_shelf
from tests.invariants.patterns import PATTERNS, SETTINGS, ordered
from tests.invariants.stops import HOWS, How, Stop
from tests.invariants.worker_deaths import recover, recover_at_once
from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.shop import Shop, running_shop, use_settings

IS_PROOF = bool(os.environ.get("PROOF_ORDERS"))
"""`make prove` goes through every case and moment; by default a few cases, each moment with one of the two sides of its call."""

SAMPLE = ("completed", "approved", "authorisation_expired")
CASES = [name for name, case in ORDER_CASES.items() if not case.faults and (IS_PROOF or name in SAMPLE)]
Moment = tuple[int, bool]


def run_key(workflow: str, name: str) -> str:
    """Return the key of the run that a pattern has by a name."""
    if workflow == CHECKOUT_CART:
        return checkout_id(name, 1)
    return order_id_for_key(name) if workflow in (ORDER_BATCH, CUSTOMER_DATA) else name


def moments() -> Iterator[Moment]:
    """Yield the number of a call or episode, and whether it acts before the stop."""
    for nth in count(1):
        yield from ((nth, acts) for acts in (False, True) if IS_PROOF or acts == bool(nth % 2))


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        await stock_shelf(running)
        yield running


@pytest.fixture
async def office(monkeypatch, storage_connection, sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, **SETTINGS)
    monkeypatch.setattr(file_batches, "CHUNK_FILES", 1)
    monkeypatch.setattr(batches, "CHUNK_LINES", 1)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        yield running


@pytest.mark.parametrize("how", HOWS)
@pytest.mark.parametrize("name", CASES)
async def test_one_settlement_settles_an_order_whose_instance_stopped_at_any_moment(shop: Shop, name: str, how: How):
    case, placed = ORDER_CASES[name], dict[str, dict[str, int]]()
    for nth, acts in moments():
        order_id = f"{name}-{nth}-{acts}".replace("_", "-")
        placed[order_id] = dict(case.wanted)
        stop = Stop(shop, order_id, how, nth, acts)
        with stop:
            await play_half(shop, order_id, case)
        await stop.purge()
        if nth % 3:  # else the operator is there before the recovery timer
            await recover(shop)
        await settle(shop, f"orders/{order_id}")
        if not stop.has_come:
            break
    await finish(shop)
    await recover(shop)
    assert await open_dead_letters(shop) == []
    ended = await assert_balanced(shop, SHELF, placed)
    assert {order["status"] for order in ended.values()} <= {case.status, "failed", "rejected"}
    assert len(placed) > 2, "it never stopped"


async def play_half(shop: Shop, order_id: str, case: OrderCase) -> None:
    """Place an order and do what people do; a caller whose worker has died asks again."""
    await shop.post_until_answered("orders", case.body(order_id))
    await shop.host.run_until_idle()
    if case.action is not None:
        path, body = case.action
        await shop.post_until_answered(f"orders/{order_id}/{path}", body)
        await shop.host.run_until_idle()


async def settle(shop: Shop, run: str) -> None:
    """Settle a run with one request. 409: it has ended by itself, or goes on."""
    answer = await shop.post(f"{run}/settlement")
    assert answer.status == 202 or answer.json()["code"] in ("nothing_open", "under_way"), answer.text
    await shop.host.run_until_idle()


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param(name, how, id=f"{name}-{how}")
        for name, pattern in PATTERNS.items()
        for how in HOWS
        if pattern.calls_activities or how == "failed"
    ],
)
async def test_one_settlement_brings_a_run_to_its_end_whose_instance_stopped_at_any_moment(
    office: Shop, name: str, how: How
):
    pattern, keys = PATTERNS[name], list[str]()
    for nth, acts in moments():
        key = f"k-{nth}-{acts}"
        keys.append(key)
        if pattern.prepare is not None:
            await pattern.prepare(office, key)
            await recover(office)
        stop = Stop(office, instance_id_of(name, run_key(name, key)), how, nth, acts)
        with stop:
            await pattern.ask(office, key)
        await stop.purge()
        await office.host.run("recover_runs")
        await settle(office, f"runs/{name}/{run_key(name, key)}")
        if not stop.has_come and (how == "failed" or stop.calls < nth):
            break
        await office.host.advance(minutes=2)
        await pattern.ask(office, key)
    for _ in range(3):
        await office.host.advance(hours=1)
        await recover(office)
    for key in keys:
        await settle(office, f"runs/{name}/{run_key(name, key)}")
        # A checkout that is started again after its last step finds itself over: its order is what counts.
        await (ordered(office, run_key(name, key)) if name == CHECKOUT_CART else pattern.ended(office, key))
    assert [each for each in await open_dead_letters(office) if each["step"] == "run"] == []
    assert len(keys) > 1, "it never stopped"
