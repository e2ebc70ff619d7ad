"""What a month of orders costs: `python -m scripts.cost.model --orders 1000000 --plan FC1 --backend AzureStorage`.

A model, not a bill: it counts what one order does (`Workload`), multiplies by list prices and prints both. Whoever has measured
transactions puts them in with --queue-ops and --table-ops (docs: infra/README.md); they replace the model's.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from scripts.cost import prices
from scripts.cost.workload import SCHEDULED_RUNS, Workload

PLANS: Final = ("FC1", "EP1", "EP2", "EP3", "Y1")
BACKENDS: Final = ("AzureStorage", "DurableTaskScheduler", "MSSQL")
FC1_MEMORY_MB: Final = (512, 2048, 4096)
_FC1_SIZES: Final = ", ".join(map(str, FC1_MEMORY_MB))
MONTH_S: Final = 730 * 3600
# What one run of a schedule takes.
_SCHEDULED_S: Final = 0.2


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """memory_mb: of an instance (FC1) or of the process (Y1). concurrency: runs that share an instance while it is busy (FC1)."""

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
    """One line of the bill. dollars: None where no price was found."""

    item: str
    quantity: str
    dollars: float | None


def bill(scenario: Scenario) -> list[Line]:
    """What the scenario costs a month, line by line."""
    return [*_compute(scenario), *_task_hub(scenario), _telemetry(scenario)]


def _compute(scenario: Scenario) -> list[Line]:
    if scenario.plan == "FC1":
        return _flex(scenario)
    return _consumption(scenario) if scenario.plan == "Y1" else [_premium(scenario)]


def _consumption(scenario: Scenario) -> list[Line]:
    load = scenario.workload
    # Memory is counted in steps of 128 MB.
    gigabytes = math.ceil(min(scenario.memory_mb, 1536) / 128) * 128 / 1024
    busy = scenario.orders * (load.durable_s + load.http_busy_s + load.mail_s) + SCHEDULED_RUNS * _SCHEDULED_S
    gb_seconds = gigabytes * busy
    return [
        _metered("compute", gb_seconds, prices.Y1_FREE_GB_SECONDS, prices.Y1_GB_SECOND),
        _metered("executions", _executions(scenario), prices.Y1_FREE_EXECUTIONS, prices.Y1_EXECUTION),
    ]


def _flex(scenario: Scenario) -> list[Line]:
    load = scenario.workload
    gigabytes = scenario.memory_mb / 1024
    # The order, and each look at its parcel hours later.
    durable = _active_seconds(scenario, load.durable_executions, load.durable_s, 1 + load.looks)
    http = _active_seconds(scenario, load.http_executions, load.http_busy_s, 1)
    mail = _active_seconds(scenario, 1, load.mail_s, 1)
    ready = min(durable, float(scenario.always_ready * MONTH_S))
    # Each timer function has instances of its own, too.
    on_demand = (durable - ready + http + mail + SCHEDULED_RUNS * max(_SCHEDULED_S, 1.0)) * gigabytes
    idle = scenario.always_ready * MONTH_S * gigabytes * prices.FC1_READY_BASE.dollars
    standing = idle + ready * gigabytes * prices.FC1_READY_BUSY.dollars
    return [
        Line("always ready", f"{scenario.always_ready} instance(s), busy {ready / MONTH_S:.0%} of the month", standing),
        _metered("compute on demand", on_demand, prices.FC1_FREE_GB_SECONDS, prices.FC1_GB_SECOND),
        _metered("executions", _executions(scenario), prices.FC1_FREE_EXECUTIONS, prices.FC1_EXECUTION),
    ]


def _active_seconds(scenario: Scenario, executions: int, busy_s: float, moments: int) -> float:
    """Seconds in which an instance counts as active: while anything runs on it, at least one second each time.

    executions, busy_s: of one order. moments: how many separate times of it these fall into.

    Orders that come in bursts share instances. Without a stated concurrency the orders come evenly, and one instance is
    active for the share of time in which at least one run overlaps.
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
        return [Line("scheduler", f"{actions:,} actions; no price found", None), *_order_book(scenario)]
    if scenario.backend == "MSSQL":
        return [
            Line("database", "serverless General Purpose, 0.5 to 2 vCores; no price found", None),
            *_order_book(scenario),
        ]
    queue = scenario.orders * load.queue_operations
    table = scenario.orders * load.table_operations
    return [
        Line("queue operations", f"{queue:,}", queue * prices.QUEUE_OPERATION.dollars),
        Line("table operations", f"{table:,}", table * prices.TABLE_OPERATION.dollars),
    ]


def _order_book(scenario: Scenario) -> list[Line]:
    """The shop's own tables and queues stay in storage, wherever the task hub is."""
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


def report(scenario: Scenario) -> str:
    """The bill as text, with its assumptions and the date of its prices."""
    load = scenario.workload
    lines = bill(scenario)
    total = sum(line.dollars or 0.0 for line in lines)
    unknown = [line.item for line in lines if line.dollars is None]
    rows = [f"  {line.item:30} {_money(line.dollars):>12}   {line.quantity}" for line in lines]
    return "\n".join(
        [
            f"{scenario.orders:,} orders a month on {scenario.plan} with {scenario.backend}",
            *rows,
            f"  {'total':30} {_money(total):>12}" + (f"   without {', '.join(unknown)}" if unknown else ""),
            "",
            "Assumed per order: "
            f"{load.activities} activities of {load.activity_s} s, "
            f"{load.entity_calls} entity calls and {load.entity_signals} signals, {load.events} events, "
            f"{load.timers} timers, {load.polls} status polls; {load.episodes} replays of {load.orchestrator_s} s; "
            f"{load.looks} looks at its parcel with {load.watch_activities} activities and {load.watch_episodes} replays; "
            f"{load.queue_operations} queue and {load.table_operations} table operations "
            f"({'measured' if load.queue_ops is not None or load.table_ops is not None else 'modelled, not measured'}).",
            f"Prices: list, US dollars, {prices.AS_OF}; sources: scripts/cost/prices.py. No taxes, no traffic, no zones.",
        ]
    )


def _money(dollars: float | None) -> str:
    return "unknown" if dollars is None else f"${dollars:,.2f}"


def parsed(arguments: Sequence[str]) -> Scenario:
    parser = argparse.ArgumentParser(prog="python -m scripts.cost.model", description="What a month of orders costs.")
    parser.add_argument("--orders", type=_count, default=1_000_000, help="orders a month")
    parser.add_argument("--plan", choices=PLANS, default="FC1")
    parser.add_argument("--backend", choices=BACKENDS, default="AzureStorage")
    parser.add_argument(
        "--memory",
        type=_positive,
        default=2048,
        metavar="MB",
        help=f"of an instance (FC1: {_FC1_SIZES}) or the process (Y1)",
    )
    parser.add_argument(
        "--concurrency", type=_positive, help="FC1: runs that share an instance in a burst; default: an even load"
    )
    parser.add_argument("--always-ready", type=_count, default=1, help="FC1: always-ready instances for orchestrations")
    parser.add_argument("--instances", type=float, default=1.0, help="EP: instances on average")
    parser.add_argument("--polls", type=_count, default=2, help="status polls per order")
    parser.add_argument(
        "--looks", type=_count, default=10, help="looks at a parcel until it has arrived; 0 without parcels"
    )
    parser.add_argument("--queue-ops", type=_count, help="measured queue operations per order")
    parser.add_argument("--table-ops", type=_count, help="measured table operations per order")
    chosen = parser.parse_args(arguments)
    if chosen.plan == "FC1" and chosen.memory not in FC1_MEMORY_MB:
        parser.error(f"argument --memory: must be one of {_FC1_SIZES} with FC1")
    load = Workload(
        polls=chosen.polls,
        looks=chosen.looks,
        news=min(chosen.looks, Workload.news),
        queue_ops=chosen.queue_ops,
        table_ops=chosen.table_ops,
    )
    return Scenario(
        orders=chosen.orders,
        plan=chosen.plan,
        backend=chosen.backend,
        memory_mb=chosen.memory,
        concurrency=chosen.concurrency,
        always_ready=chosen.always_ready,
        instances=chosen.instances,
        workload=load,
    )


def _count(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError("must be a whole number, 0 or more")
    return int(text)


def _positive(text: str) -> int:
    number = _count(text)
    if number == 0:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return number


def main() -> int:
    print(report(parsed(sys.argv[1:])))
    return 0


if __name__ == "__main__":
    sys.exit(main())
