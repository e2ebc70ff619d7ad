"""Count the instances that a load keeps busy."""

import math
from typing import Final

MONTH_S: Final = 730 * 3600

VCPUS: Final = {"FC1": 1.0, "EP1": 1.0, "EP2": 2.0, "EP3": 4.0, "P0v3": 1.0, "P1v3": 2.0, "Y1": 1.0}
"""Processors of one instance; of FC1, of one with 2,048 MB."""

BUSY_PERCENT: Final = 70
"""How busy an instance may be before another one is added: beyond, work waits longer than it takes."""

_SHARED_RUNS: Final = 12
"""Runs that one instance has at a time: 8 activities and 4 orchestrators (infra/host.overlays.json)."""


def active_seconds(
    *,
    orders: int,
    executions: int,
    busy_s: float,
    vcpus: float,
    cpu_s: float = 0.0,
    moments: int = 1,
    concurrency: int | None = None,
) -> float:
    """Return for how many seconds of all instances together they count as active in a month.

    An instance is active while anything runs on it, at least one second each time. Orders that come in bursts share instances.
    Without a stated concurrency they come evenly: few of them keep one instance active for the share of time in which at least one
    run overlaps, many keep as many active as their runs and their processor time fill.

    Args:
        orders: Orders a month.
        executions: Executions of one order.
        busy_s: Seconds of work of one order.
        vcpus: Processors of an instance.
        cpu_s: Seconds of processor time of one order.
        moments: Separate times into which the work of one order falls.
        concurrency: Runs that share an instance in a burst.
    """
    if concurrency is not None:
        return orders * max(busy_s, float(moments)) / concurrency
    orders_per_s = orders / MONTH_S
    # Each run holds its instance for at least a second, which runs of the same time share.
    overlapping = orders_per_s * executions * max(busy_s / executions, 1.0)
    instances = max(
        1 - math.exp(-overlapping),
        orders_per_s * busy_s / _SHARED_RUNS,
        orders_per_s * cpu_s / (vcpus * BUSY_PERCENT / 100),
    )
    return MONTH_S * instances


def awake_seconds(visits: float) -> float:
    """Return for how many seconds of a month an instance counts as active because of so many short visits, spread evenly."""
    return MONTH_S * (1 - math.exp(-visits / MONTH_S))
