"""One seed, from an empty shop to its ledgers."""

import asyncio
import time
from collections import Counter
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.invariants.chaos.ledgers import unended, violations
from tests.invariants.chaos.machines import Machines, running_machines
from tests.invariants.chaos.people import People
from tests.invariants.chaos.plan import Disaster, Plan, plan_of
from tests.invariants.order_cases import stock_shelf_outside
from tests.invariants.split_product import PRODUCT, SHARDS
from tests.support.books import orders
from tests.support.integrity import integrity_of


@dataclass(frozen=True)
class Figures:
    """What came of one seed. dead_letters: that an operator replayed. host_exits: by itself. violations: of a promise."""

    seed: int
    orders: int
    seconds: float
    answers: int
    disasters: dict[str, int]
    ends: dict[str, int]
    cancellations: int
    dead_letters: int
    host_exits: int
    violations: list[str]

    def to_json(self) -> dict[str, object]:
        """Plain values, for the file of results."""
        return asdict(self)


async def run_seed(folder: Path, seed: int, count: int, patience_s: float) -> Figures:
    """Run one seed. patience_s: within which every order ends, and every dead letter is settled."""
    began = time.monotonic()
    shelf = {"mug": 2 * count, "piano": count, PRODUCT: count // 2}
    async with running_machines(folder) as machines:
        shop = machines.shop
        await stock_shelf_outside(shop, shelf, {PRODUCT: SHARDS})
        kinds = tuple(kind for kind in Disaster if kind is not Disaster.DISK_FULL or machines.disk)
        plan = plan_of(seed, count, kinds)
        people = People(shop, machines.storage)
        happened: Counter[str] = Counter()
        found: list[str] = []
        settled = 0
        try:
            async with asyncio.timeout(patience_s):
                settled = await _live(machines, people, plan, happened)
        except TimeoutError:
            found += await unended(shop, patience_s)
        found += await violations(shop, plan, shelf, people.accepted_cancellations)
        ends = Counter(order["status"] for order in (await orders(shop)).values())
        for program in (shop.host, shop.provider):
            await asyncio.to_thread(program.stop)
            if (verdict := integrity_of(program.state)) != "ok":
                found.append(f"{program.state.name}: {verdict}")
        return Figures(
            seed=seed,
            orders=count,
            seconds=round(time.monotonic() - began, 1),
            answers=shop.answers,
            disasters=dict(sorted(happened.items())),
            ends=dict(sorted(ends.items())),
            cancellations=len(people.accepted_cancellations),
            dead_letters=settled,
            host_exits=machines.exits,
            violations=found,
        )


async def _live(machines: Machines, people: People, plan: Plan, happened: Counter[str]) -> int:
    """Let everything happen. Return how many dead letters there were. happened: counts the disasters."""
    calm = asyncio.Event()

    async def disasters() -> None:
        for disaster in plan.disasters:
            await _first_of(machines.shop.until_answers(disaster.after_answers), calm.wait())
            if calm.is_set():
                return
            await machines.suffer(disaster)
            happened[disaster.kind] += 1

    async with asyncio.TaskGroup() as group:
        group.create_task(machines.look_after_host())
        group.create_task(people.run_recovery())
        suffering = group.create_task(disasters())
        async with asyncio.TaskGroup() as customers:
            for order in plan.orders:
                customers.create_task(people.order(order))
            for delivery in plan.deliveries:
                customers.create_task(people.deliver(delivery))
        calm.set()
        await suffering
        settled = await people.settle()
        await machines.shop.go_home()
    return settled


async def _first_of(*waits: Coroutine[Any, Any, Any]) -> None:
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
