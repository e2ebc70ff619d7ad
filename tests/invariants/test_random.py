"""Random orders, faults, people and deaths of the process: whatever happens, the books balance in the end.

PROOF_ORDERS says how many orders to run (240 unless given). The default run is the same every time; one with PROOF_ORDERS draws
anew, and prints how to repeat what failed.
"""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from local_host.testing.azurite import Azurite
from sandbox.testing import Sandbox, running_sandbox
from tests.invariants.plans import PRICES, SHELF, Life, Move, Plan, plans
from tests.invariants.process_crashes import crashes_during
from tests.invariants.progress import Progress, reporting
from tests.invariants.worker_deaths import finish, recover, recover_at_once, spare_worker
from tests.support.books import assert_balanced, open_dead_letters
from tests.support.shop import Shop, running_shop, use_settings

GIVEN = os.environ.get("PROOF_ORDERS")
ORDERS = int(GIVEN or 240)
ORDERS_PER_PLAN = 3
"""About what a plan has on average."""

SHRINKING_S = 600
"""Hypothesis looks for the smallest example of a failure for five minutes at most."""


@pytest.fixture(scope="module")
def providers() -> Iterator[Sandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def progress() -> Iterator[Progress]:
    with reporting("random orders") as counting:
        yield counting


@pytest.mark.timeout(SHRINKING_S + 2 * ORDERS)
@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")  # the SDK meets events that came twice
@settings(
    max_examples=ORDERS // ORDERS_PER_PLAN,
    derandomize=GIVEN is None,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)
@given(plan=plans)
def test_money_stock_and_parcels_balance_whatever_happens(
    azurite: Azurite, providers: Sandbox, progress: Progress, plan: Plan
):
    providers.reset()
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory() as folder:
        use_settings(patch, azurite.new_account(), providers, PAYMENT_CAPTURE=plan.capture)
        recover_at_once(patch)
        deaths = asyncio.run(carry_out(plan, providers, Path(folder) / "hub.db"))
    faults = sum(call["fault"] is not None for call in providers.calls())
    progress.count(plans=1, orders=len(plan.orders), faults=faults, deaths=deaths)


async def carry_out(plan: Plan, providers: Sandbox, state: Path) -> int:
    """Return how often the process died."""
    deaths = 0
    async with running_shop(providers, state=state, redelivers_late=True) as shop:
        await stock_shelf(shop, plan)
        for rule in plan.rules:
            providers.fault(**rule)
        for life in plan.lives:
            deaths += await crashes_during(shop, life.dies_at, act(shop, plan, life), after=life.after)
        await settle(shop, plan)
        return deaths + shop.host.worker_deaths


async def stock_shelf(shop: Shop, plan: Plan) -> None:
    for product_id, units in SHELF.items():
        shards = plan.mug_shards if product_id == "mug" else 1
        await shop.stock(product_id, units, unit_price_cents=PRICES[product_id], stock_shards=shards)


async def act(shop: Shop, plan: Plan, life: Life) -> None:
    """Make the moves of one life. The answers are not read: the process may be dying."""
    for move in life.moves:
        await make(shop, plan, move)


async def make(shop: Shop, plan: Plan, move: Move) -> None:
    number = move.order % len(plan.orders)
    order_id = plan.order_id(number)
    if move.what == "place":
        await shop.post("orders", plan.orders[number].body(order_id))
    elif move.what == "pass":
        await shop.host.advance(minutes=move.minutes)
    elif move.what == "recover":
        await recover(shop)
    elif move.what == "die":
        shop.host.kill_worker(during=move.during, nth=move.nth, when=move.when)
    elif move.request is not None:
        path, body = move.request
        await shop.post(f"orders/{order_id}/{path}", body)


async def settle(shop: Shop, plan: Plan) -> None:
    """Each caller sends its request again; then everything ends, at first with the faults, then with an operator's help."""
    wanted = {plan.order_id(number): order.wanted for number, order in enumerate(plan.orders)}
    spare_worker(shop)
    await recover(shop)
    for number, order in enumerate(plan.orders):
        assert (await shop.post("orders", order.body(plan.order_id(number)))).status == 202
    await finish(shop)
    await assert_balanced(shop, SHELF, wanted)
    shop.sandbox.clear_faults()
    for dead_letter in await open_dead_letters(shop):
        assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    await shop.host.run_until_idle()
    ended = await assert_balanced(shop, SHELF, wanted)
    assert await open_dead_letters(shop) == []
    assert {order["status"] for order in ended.values()} <= {"completed", "rejected", "cancelled", "failed"}
