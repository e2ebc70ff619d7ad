"""Count what a month of orders does in Azure, and multiply it by list prices.

A model, not a bill: `Workload` says what one order does. Measured transactions replace the model's (infra/README.md says how to
measure them).
"""

import math
from dataclasses import dataclass, field
from typing import Final

from scripts.cost import prices
from scripts.cost.workload import SCHEDULED_RUNS, Workload

PLANS: Final = ("FC1", "EP1", "EP2", "EP3", "Y1")
BACKENDS: Final = ("AzureStorage", "DurableTaskScheduler", "MSSQL")
FC1_MEMORY_MB: Final = (512, 2048, 4096)
MONTH_S: Final = 730 * 3600
_SCHEDULED_RUN_S: Final = 0.2


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is deployed, and how much it is used.

    Attributes:
        orders: Orders a month.
        memory_mb: Memory of an instance (FC1) or of the process (Y1).
        concurrency: Runs that share a busy instance (FC1); None when the orders come evenly.
        always_ready: Instances of FC1 that are always ready for orchestrations.
        instances: Instances of a premium plan, on average.
    """

    orders: int
    plan: str = "FC1"
    backend: str = "AzureStorage"
    memory_mb: int = 2048
    concurrency: int | None = None
    always_ready: int = 1
    instances: float = 1.0
    workload: Workload = field(default_factory=Workload)


@dataclass(frozen=True)
class Line:
    """One line of the bill; dollars is None where no price was found."""

    item: str
    quantity: str
    dollars: float | None


def bill(scenario: Scenario) -> list[Line]:
    """Return what the scenario costs a month, line by line."""
    return [*_compute(scenario), *_task_hub(scenario), _telemetry(scenario)]


def _compute(scenario: Scenario) -> list[Line]:
    if scenario.plan == "FC1":
        return _flex(scenario)
    return _consumption(scenario) if scenario.plan == "Y1" else [_premium(scenario)]


def _consumption(scenario: Scenario) -> list[Line]:
    load = scenario.workload
    # Memory is counted in steps of 128 MB.
    gigabytes = math.ceil(min(scenario.memory_mb, 1536) / 128) * 128 / 1024
    busy = scenario.orders * (load.durable_s + load.http_busy_s + load.mail_s) + SCHEDULED_RUNS * _SCHEDULED_RUN_S
    gb_seconds = gigabytes * busy
    return [
        _metered("compute", gb_seconds, prices.Y1_FREE_GB_SECONDS, prices.Y1_GB_SECOND),
        _metered("executions", _executions(scenario), prices.Y1_FREE_EXECUTIONS, prices.Y1_EXECUTION),
    ]


def _flex(scenario: Scenario) -> list[Line]:
    load = scenario.workload
    gigabytes = scenario.memory_mb / 1024
    # The order, and hours later each poll of the carrier.
    durable = _active_seconds(scenario, load.durable_executions, load.durable_s, 1 + load.carrier_polls)
    http = _active_seconds(scenario, load.http_executions, load.http_busy_s, 1)
    mail = _active_seconds(scenario, 1, load.mail_s, 1)
    ready = min(durable, float(scenario.always_ready * MONTH_S))
    # Each timer function has instances of its own, too.
    on_demand = (durable - ready + http + mail + SCHEDULED_RUNS * max(_SCHEDULED_RUN_S, 1.0)) * gigabytes
    idle = scenario.always_ready * MONTH_S * gigabytes * prices.FC1_READY_BASE.dollars
    standing = idle + ready * gigabytes * prices.FC1_READY_BUSY.dollars
    return [
        Line("always ready", f"{scenario.always_ready} instance(s), busy {ready / MONTH_S:.0%} of the month", standing),
        _metered("compute on demand", on_demand, prices.FC1_FREE_GB_SECONDS, prices.FC1_GB_SECOND),
        _metered("executions", _executions(scenario), prices.FC1_FREE_EXECUTIONS, prices.FC1_EXECUTION),
    ]


def _active_seconds(scenario: Scenario, executions: int, busy_s: float, moments: int) -> float:
    """Return the seconds in which an instance counts as active: while anything runs on it, at least one second each time.

    Orders that come in bursts share instances. Without a stated concurrency the orders come evenly, and one instance is
    active for the share of time in which at least one run overlaps.

    Args:
        scenario: Gives the orders and their concurrency.
        executions: Executions of one order.
        busy_s: Seconds of work of one order.
        moments: Separate times into which the work of one order falls.
    """
    if scenario.concurrency is not None:
        return scenario.orders * max(busy_s, float(moments)) / scenario.concurrency
    # Each run holds its instance for at least a second.
    rate = scenario.orders * executions / MONTH_S
    return MONTH_S * (1 - math.exp(-rate * max(busy_s / executions, 1.0)))


def _premium(scenario: Scenario) -> Line:
    vcpus, gib = prices.EP_SIZES[scenario.plan]
    hourly = vcpus * prices.EP_VCPU_HOUR.dollars + gib * prices.EP_GIB_HOUR.dollars
    return Line("instances", f"{scenario.instances:g} x {scenario.plan}, all month", scenario.instances * 730 * hourly)


def _task_hub(scenario: Scenario) -> list[Line]:
    load = scenario.workload
    if scenario.backend == "DurableTaskScheduler":
        actions = scenario.orders * load.scheduler_actions
        return [Line("scheduler", f"{actions:,} actions; no price found", None), *_shop_storage(scenario)]
    if scenario.backend == "MSSQL":
        return [
            Line("database", "serverless General Purpose, 0.5 to 2 vCores; no price found", None),
            *_shop_storage(scenario),
        ]
    queue = scenario.orders * load.queue_operations
    table = scenario.orders * load.table_operations
    return [
        Line("queue operations", f"{queue:,}", queue * prices.QUEUE_OPERATION.dollars),
        Line("table operations", f"{table:,}", table * prices.TABLE_OPERATION.dollars),
    ]


def _shop_storage(scenario: Scenario) -> list[Line]:
    """Price the shop's own tables and queues, which stay in storage wherever the task hub is."""
    table, queue = scenario.orders * scenario.workload.shop_table_operations, scenario.orders * 3
    operations = table * prices.TABLE_OPERATION.dollars + queue * prices.QUEUE_OPERATION.dollars
    return [Line("order repository and notifications", f"{table + queue:,} operations", operations)]


def _telemetry(scenario: Scenario) -> Line:
    load = scenario.workload
    items = (scenario.orders * load.executions + SCHEDULED_RUNS) * load.telemetry_items_per_execution
    gigabytes = items * load.telemetry_item_kb / 1e6
    return Line("telemetry", f"{gigabytes:,.1f} GB", gigabytes * prices.LOG_GB.dollars)


def _executions(scenario: Scenario) -> float:
    return float(scenario.orders * scenario.workload.executions + SCHEDULED_RUNS)


def _metered(item: str, quantity: float, free: int, price: prices.Price) -> Line:
    paid = max(0.0, quantity - free)
    return Line(item, f"{quantity:,.0f} {price.per}, {free:,} free", paid * price.dollars)
