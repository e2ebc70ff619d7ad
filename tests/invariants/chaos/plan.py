"""What a seed stands for: the orders, how often each request is sent, and which disasters happen when.

The same seed gives the same plan. What comes of it differs, since the processes run at a speed of their own.
"""

import random
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from tests.invariants.customers import KINDS
from tests.invariants.order_cases import APPROVE, CANCEL, ORDER_CASES, REJECT, Action, OrderCase
from tests.invariants.split_product import PRODUCT, buying_split


class Disaster(StrEnum):
    """What happens to the processes of a shop. killed: SIGKILL. stopped: SIGTERM. paused: SIGSTOP, and SIGCONT after a while."""

    HOST_KILLED = "host_killed"
    HOST_STOPPED = "host_stopped"
    HOST_PAUSED = "host_paused"
    WORKER_KILLED = "worker_killed"
    WORKER_PAUSED = "worker_paused"
    PROVIDERS_KILLED = "providers_killed"
    PROVIDERS_PAUSED = "providers_paused"
    STORAGE_KILLED = "storage_killed"  # over requests that are not answered; what was acknowledged is on disk
    STORAGE_STOPPED = "storage_stopped"
    STORAGE_PAUSED = "storage_paused"
    CLOCK_JUMPED = "clock_jumped"  # the host's, forward by hours
    DISK_FULL = "disk_full"  # of the host's state


@dataclass(frozen=True)
class PlannedDisaster:
    """One of them.

    Attributes:
        after_answers: How many more answers the customers get before it.
        lasts_s: Of a pause, or of a full disk.
        hours: By which a clock jumps.
    """

    kind: Disaster
    after_answers: int
    lasts_s: float
    hours: float


@dataclass(frozen=True)
class PlannedOrder:
    """One order, and what people do about it.

    Attributes:
        copies: How often it is sent, at once.
        door: Where it is sent.
        actions: Sent at once when it waits for an approval.
        cancels_after: How often its customer looks at it before they cancel it; None for one who does not.
    """

    order_id: str
    case: OrderCase
    copies: int
    door: str
    actions: tuple[Action, ...]
    cancels_after: int | None


@dataclass(frozen=True)
class Delivery:
    """Goods that arrive meanwhile. copies: how often that is reported under the same key."""

    key: str
    product_id: str
    quantity: int
    copies: int


@dataclass(frozen=True)
class Plan:
    orders: tuple[PlannedOrder, ...]
    deliveries: tuple[Delivery, ...]
    disasters: tuple[PlannedDisaster, ...]


HTTP: Final = "http"
QUEUE: Final = "queue"
_ORDERS_PER_DISASTER: Final = 4
_ORDERS_PER_DELIVERY: Final = 10


def plan_of(seed: int, orders: int, kinds: tuple[Disaster, ...]) -> Plan:
    """Return the plan of a seed. kinds: the disasters that are possible on this machine."""
    chance = random.Random(seed)
    few = min(len(kinds), orders // 2)
    return Plan(
        orders=tuple(_order(chance, seed, number) for number in range(orders)),
        deliveries=tuple(
            Delivery(
                f"delivery-{number}",
                chance.choice(("mug", "piano", PRODUCT)),
                chance.randint(1, 5),
                chance.randint(1, 3),
            )
            for number in range(orders // _ORDERS_PER_DELIVERY)
        ),
        disasters=tuple(_disasters(chance, kinds, max(few, orders // _ORDERS_PER_DISASTER), max(5, orders // 10))),
    )


def _order(chance: random.Random, seed: int, number: int) -> PlannedOrder:
    case = ORDER_CASES[chance.choice(KINDS)]
    if number % 2:
        case = buying_split(case)
    actions: tuple[Action, ...] = ()
    if case.action is not None:
        # Half of the approvals are undisputed; else two people, or one and the customer, answer at once.
        actions = chance.choice(
            ((APPROVE,), (APPROVE, APPROVE), (APPROVE, REJECT), (REJECT, APPROVE), (APPROVE, CANCEL))
        )
    return PlannedOrder(
        order_id=f"chaos-{seed}-{number}",
        case=case,
        copies=chance.choice((1, 1, 2, 3)),
        door=chance.choice((HTTP, HTTP, HTTP, HTTP, QUEUE)),
        actions=actions,
        cancels_after=chance.choice((*[None] * 6, 1, 2, 4)),
    )


def _disasters(
    chance: random.Random, kinds: tuple[Disaster, ...], count: int, most_answers: int
) -> list[PlannedDisaster]:
    # Every kind comes before any comes again, so that a short run has most of them.
    drawn = [kind for _ in range(count // len(kinds) + 1) for kind in chance.sample(kinds, len(kinds))][:count]
    return [
        PlannedDisaster(kind, chance.randrange(2, most_answers), chance.uniform(0.2, 3.0), chance.uniform(0.5, 8.0))
        for kind in drawn
    ]
