"""What a month of orders costs: `python -m infra.cost --orders 1000000 --plan FC1 --backend AzureStorage`.

A model, not a bill: it counts what one order does (`Workload`), multiplies by list prices and prints both. Whoever has measured
transactions puts them in with --queue-ops and --table-ops (docs: infra/README.md); they replace the model's.
"""

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from infra import prices

PLANS: Final = ("FC1", "EP1", "EP2", "EP3", "Y1")
BACKENDS: Final = ("AzureStorage", "DurableTaskScheduler", "MSSQL")
MONTH_S: Final = 730 * 3600


@dataclass(frozen=True, kw_only=True)
class Workload:
    """What one order does, when all goes well and no human is asked. Times in seconds."""

    activities: int = 5  # authorise, announce, buy the label, capture, record
    entity_calls: int = 1  # reserve, of one line; its answer wakes the order
    entity_signals: int = 1  # commit, of one line; nobody waits for it
    events: int = 0
    timers: int = 0
    polls: int = 2  # how often somebody asks for its status
    activity_s: float = 0.4
    orchestrator_s: float = 0.1
    entity_s: float = 0.05
    http_s: float = 0.15
    telemetry_items: int = 34
    telemetry_item_kb: float = 1.2
    queue_ops: int | None = None  # measured; None for the model's
    table_ops: int | None = None

    @property
    def episodes(self) -> int:
        """Runs of the orchestrator: its start, and one more per answer. Each replay is a paid execution."""
        return 1 + self.activities + self.entity_calls + self.events + self.timers

    @property
    def durable_executions(self) -> int:
        return self.episodes + self.activities + self.entity_calls + self.entity_signals

    @property
    def http_executions(self) -> int:
        return 1 + self.polls

    @property
    def durable_s(self) -> float:
        busy = self.episodes * self.orchestrator_s + self.activities * self.activity_s
        return busy + (self.entity_calls + self.entity_signals) * self.entity_s

    @property
    def http_busy_s(self) -> float:
        return self.http_executions * self.http_s

    @property
    def queue_operations(self) -> int:
        """Put, get and delete, of a request and of its answer; three for what has no answer; one for the notification."""
        modelled = 3 + 6 * (self.activities + self.entity_calls) + 3 * (self.entity_signals + self.events) + 1
        return self.queue_ops if self.queue_ops is not None else modelled

    @property
    def table_operations(self) -> int:
        """Three per episode (read and append the history, update the instance), then the order book's."""
        modelled = 2 + 3 * (self.episodes + self.entity_calls + self.entity_signals) + 2 + 2 * self.polls
        return self.table_ops if self.table_ops is not None else modelled

    @property
    def scheduler_actions(self) -> int:
        return 1 + 2 * (self.activities + self.entity_calls) + self.entity_signals + self.events + self.timers


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
    workload: Workload = Workload()


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
    gb_seconds = scenario.orders * gigabytes * (load.durable_s + load.http_busy_s)
    return [
        _metered("compute", gb_seconds, prices.Y1_FREE_GB_SECONDS, prices.Y1_GB_SECOND),
        _metered("executions", _executions(scenario), prices.Y1_FREE_EXECUTIONS, prices.Y1_EXECUTION),
    ]


def _flex(scenario: Scenario) -> list[Line]:
    load = scenario.workload
    gigabytes = scenario.memory_mb / 1024
    durable = _active_seconds(scenario, load.durable_executions, load.durable_s)
    http = _active_seconds(scenario, load.http_executions, load.http_busy_s)
    ready = min(durable, float(scenario.always_ready * MONTH_S))
    on_demand = (durable - ready + http) * gigabytes
    idle = scenario.always_ready * MONTH_S * gigabytes * prices.FC1_READY_BASE.dollars
    standing = idle + ready * gigabytes * prices.FC1_READY_BUSY.dollars
    return [
        Line("always ready", f"{scenario.always_ready} instance(s), busy {ready / MONTH_S:.0%} of the month", standing),
        _metered("compute on demand", on_demand, prices.FC1_FREE_GB_SECONDS, prices.FC1_GB_SECOND),
        _metered("executions", _executions(scenario), prices.FC1_FREE_EXECUTIONS, prices.FC1_EXECUTION),
    ]


def _active_seconds(scenario: Scenario, executions: int, busy_s: float) -> float:
    """Seconds in which an instance counts as active: while anything runs on it, at least one second each time.

    Orders that come in bursts share instances. Without a stated concurrency the orders come evenly, and one instance is
    active for the share of time in which at least one run overlaps.
    """
    if scenario.concurrency is not None:
        return scenario.orders * max(busy_s, 1.0) / scenario.concurrency
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
    table = scenario.orders * (2 + 2 * scenario.workload.polls)
    operations = table * prices.TABLE_OPERATION.dollars + scenario.orders * prices.QUEUE_OPERATION.dollars
    return [Line("order book and notifications", f"{table + scenario.orders:,} operations", operations)]


def _telemetry(scenario: Scenario) -> Line:
    load = scenario.workload
    gigabytes = scenario.orders * load.telemetry_items * load.telemetry_item_kb / 1e6
    return Line("telemetry", f"{gigabytes:,.1f} GB", gigabytes * prices.LOG_GB.dollars)


def _executions(scenario: Scenario) -> float:
    return float(scenario.orders * (scenario.workload.durable_executions + scenario.workload.http_executions))


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
            f"{load.queue_operations} queue and {load.table_operations} table operations "
            f"({'measured' if load.queue_ops is not None or load.table_ops is not None else 'modelled, not measured'}).",
            f"Prices: list, US dollars, {prices.AS_OF}; not all verified (infra/prices.py). No taxes, no traffic, no zones.",
        ]
    )


def _money(dollars: float | None) -> str:
    return "unknown" if dollars is None else f"${dollars:,.2f}"


def parsed(arguments: Sequence[str]) -> Scenario:
    parser = argparse.ArgumentParser(prog="python -m infra.cost", description="What a month of orders costs.")
    parser.add_argument("--orders", type=_count, default=1_000_000, help="orders a month")
    parser.add_argument("--plan", choices=PLANS, default="FC1")
    parser.add_argument("--backend", choices=BACKENDS, default="AzureStorage")
    parser.add_argument(
        "--memory", type=int, default=2048, metavar="MB", help="of an instance (FC1) or the process (Y1)"
    )
    parser.add_argument(
        "--concurrency", type=_positive, help="FC1: runs that share an instance in a burst; default: an even load"
    )
    parser.add_argument("--always-ready", type=_count, default=1, help="FC1: always-ready instances for orchestrations")
    parser.add_argument("--instances", type=float, default=1.0, help="EP: instances on average")
    parser.add_argument("--polls", type=_count, default=2, help="status polls per order")
    parser.add_argument("--queue-ops", type=_count, help="measured queue operations per order")
    parser.add_argument("--table-ops", type=_count, help="measured table operations per order")
    chosen = parser.parse_args(arguments)
    load = replace(Workload(), polls=chosen.polls, queue_ops=chosen.queue_ops, table_ops=chosen.table_ops)
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
