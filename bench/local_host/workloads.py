"""What every contestant is given to do: the same orders, the same numbers, the same way to count. Standard library only."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any

IN_FLIGHT = 64


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much to do: `full` is what the goals speak of, `short` what a busy machine can afford."""

    sagas: int
    single_sagas: int
    fan_out: int
    increments: int
    waiting: int
    chain: int


SIZES = {
    "full": Sizes(sagas=2000, single_sagas=200, fan_out=1000, increments=1000, waiting=5000, chain=500),
    "short": Sizes(sagas=400, single_sagas=60, fan_out=1000, increments=1000, waiting=1000, chain=150),
}


@dataclass(kw_only=True)
class Figures:
    """What one contestant reached; None where it has nothing of the kind. Rates per second, times in seconds."""

    durability: str
    sagas_per_s: float | None = None
    saga_cpu_s: float | None = None
    single_p50_s: float | None = None
    single_p95_s: float | None = None
    fan_out_s: float | None = None
    increments_per_s: float | None = None
    chain_s: float | None = None
    chain_floor_s: float | None = None
    waiting_starts_per_s: float | None = None
    waiting_wakes_per_s: float | None = None
    waiting_kb: float | None = None

    def text(self) -> str:
        return json.dumps(asdict(self))


def order(number: int) -> dict[str, Any]:
    """About 400 bytes as JSON; every tenth cannot be delivered."""
    return {
        "order_id": f"order-{number:08}",
        "customer_id": "customer-1",
        "undeliverable": number % 10 == 0,
        "email": "customer@example.org",
        "lines": [{"product_id": f"product-{n}", "quantity": n + 1, "unit_price_cents": 1999} for n in range(4)],
    }


def in_threads(work: Callable[[int], object], count: int, threads: int = IN_FLIGHT) -> float:
    """Seconds to do `count` pieces of work, so many at a time."""
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for _ in pool.map(work, range(count)):
            pass
    return time.perf_counter() - began


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def p50_p95(times: Sequence[float]) -> tuple[float, float]:
    return statistics.median(times), sorted(times)[int(0.95 * len(times))]


def numbers(count: int) -> Iterator[int]:
    """Return the numbers that the callers of one measure share: a free one takes the next."""
    return iter(range(count))


def resident_kb() -> int:
    """Memory of this process that is really in use."""
    with open("/proc/self/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
