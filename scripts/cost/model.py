"""Count what a month of orders does in Azure, and multiply it by list prices.

A model, not a bill: `Workload` says what one order does. Measured transactions replace the model's (infra/README.md says how to
measure them).
"""

import math
from dataclasses import dataclass, field, replace
from typing import Final

from scripts.cost import prices, telemetry
from scripts.cost.capacity import of_instance
from scripts.cost.deployed import Options, standing
from scripts.cost.instances import MONTH_S, VCPUS, active_seconds
from scripts.cost.line import Line
from scripts.cost.traffic import traffic
from scripts.cost.workload import IDLE_REQUESTS_PER_MINUTE, SCHEDULED_RUNS, VERSION_1_0, Workload

PLANS: Final = tuple(VCPUS)
BACKENDS: Final = ("AzureStorage", "DurableTaskScheduler", "MSSQL")
FC1_MEMORY_MB: Final = tuple(prices.FC1_VCPUS)
_SCHEDULED_RUN_S: Final = 0.2
_RESOURCE_LOG_KB: Final = 1.0  # assumed
_MINUTES_PER_MONTH: Final = MONTH_S // 60


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is deployed, and how much it is used.

    Attributes:
        orders: Orders a month.
        memory_mb: Memory of an instance (FC1) or of the process (Y1).
        concurrency: Runs that share a busy instance (FC1); None when the orders come evenly.
        always_ready: Instances of FC1 that are always ready for orchestrations.
        instances: Instances of a Premium or App Service plan, on average; None for as many as the load needs.
        repeats_logs: Whether a diagnostic setting sends the app's log lines a second time (`FunctionAppLogs`).
        traced_share: Of how many orders everything is kept; of the others, what alerts read.
        options: What the template adds.
    """

    orders: int
    plan: str = "FC1"
    backend: str = "AzureStorage"
    memory_mb: int = 2048
    concurrency: int | None = None
    always_ready: int = 1
    instances: float | None = None
    repeats_logs: bool = False
    traced_share: float = 1.0
    workload: Workload = field(default_factory=Workload)
    options: Options = field(default_factory=Options)

    @property
    def vcpus(self) -> float:
        """Processors of one instance."""
        return prices.FC1_VCPUS[self.memory_mb] if self.plan == "FC1" else VCPUS[self.plan]

    @property
    def orders_per_s(self) -> float:
        """Orders a second, on average."""
        return self.orders / MONTH_S


def bill(scenario: Scenario) -> list[Line]:
    """Return what the scenario costs a month, line by line."""
    return [
        *_compute(scenario),
        *_task_hub(scenario),
        _polling(scenario),
        _logs("telemetry", _telemetry_gb(scenario)),
        _logs("log of queue writes", _queue_log_gb(scenario)),
        *standing(scenario.plan, scenario.backend, scenario.options),
        *traffic(scenario.orders, scenario.workload, scenario.options),
    ]


def before(scenario: Scenario) -> Scenario:
    """Return the same month with the orders of version 1.0."""
    return replace(scenario, workload=replace(VERSION_1_0, polls=scenario.workload.polls))


def running_instances(scenario: Scenario) -> float:
    """Return how many instances run, on average."""
    if scenario.plan == "FC1":
        on_demand = _durable_seconds(scenario) / MONTH_S - scenario.always_ready
        return scenario.always_ready + max(0.0, on_demand)
    if scenario.instances is not None:
        return scenario.instances
    needed = max(1.0, scenario.orders_per_s / of_instance(scenario.plan, load=scenario.workload).orders_per_s)
    return needed if scenario.plan == "Y1" else float(math.ceil(needed))


def _compute(scenario: Scenario) -> list[Line]:
    if scenario.plan == "FC1":
        return _flex(scenario)
    return _consumption(scenario) if scenario.plan == "Y1" else [_standing(scenario)]


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
    gigabytes = scenario.memory_mb / 1024
    durable = _durable_seconds(scenario)
    ready = min(durable, float(scenario.always_ready * MONTH_S))
    # Each timer function has instances of its own, too.
    others = _http_seconds(scenario) + _mail_seconds(scenario) + SCHEDULED_RUNS * max(_SCHEDULED_RUN_S, 1.0)
    idle = scenario.always_ready * MONTH_S * gigabytes * prices.FC1_READY_BASE.dollars
    standing = idle + ready * gigabytes * prices.FC1_READY_BUSY.dollars
    share = ready / MONTH_S / max(scenario.always_ready, 1)
    on_demand = (durable - ready + others) * gigabytes
    return [
        Line("always ready", f"{scenario.always_ready} instance(s), busy {share:.0%} of the month", standing),
        _metered("compute on demand", on_demand, prices.FC1_FREE_GB_SECONDS, prices.FC1_GB_SECOND),
        _metered("executions", _executions(scenario), prices.FC1_FREE_EXECUTIONS, prices.FC1_EXECUTION),
    ]


def _durable_seconds(scenario: Scenario) -> float:
    load = scenario.workload
    return active_seconds(
        orders=scenario.orders,
        executions=load.durable_executions,
        busy_s=load.durable_s,
        cpu_s=load.durable_cpu_s,
        vcpus=scenario.vcpus,
        # The order, and hours later each poll of the carrier.
        moments=1 + load.carrier_polls,
        concurrency=scenario.concurrency,
    )


def _http_seconds(scenario: Scenario) -> float:
    load = scenario.workload
    return active_seconds(
        orders=scenario.orders,
        executions=load.http_executions,
        busy_s=load.http_busy_s,
        cpu_s=load.reports_cpu_s,
        vcpus=scenario.vcpus,
        concurrency=scenario.concurrency,
    )


def _mail_seconds(scenario: Scenario) -> float:
    return active_seconds(
        orders=scenario.orders,
        executions=1,
        busy_s=scenario.workload.mail_s,
        vcpus=scenario.vcpus,
        concurrency=scenario.concurrency,
    )


def _standing(scenario: Scenario) -> Line:
    if scenario.plan in prices.DEDICATED_HOUR:
        hourly = prices.DEDICATED_HOUR[scenario.plan].dollars
    else:
        vcpus, gib = prices.EP_SIZES[scenario.plan]
        hourly = vcpus * prices.EP_VCPU_HOUR.dollars + gib * prices.EP_GIB_HOUR.dollars
    instances = running_instances(scenario)
    return Line("instances", f"{instances:g} x {scenario.plan}, all month", instances * 730 * hourly)


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


def _polling(scenario: Scenario) -> Line:
    """Price what every instance asks the storage account while nothing happens. Priced as queue operations, which most of it is."""
    requests = running_instances(scenario) * IDLE_REQUESTS_PER_MINUTE * _MINUTES_PER_MONTH
    return Line("idle polling", f"{requests:,.0f} operations", requests * prices.QUEUE_OPERATION.dollars)


def logged_gb(scenario: Scenario) -> float:
    """Return how many gigabytes the workspace takes in a month."""
    return _telemetry_gb(scenario) + _queue_log_gb(scenario)


def _logs(item: str, gigabytes: float) -> Line:
    return Line(item, f"{gigabytes:,.1f} GB", gigabytes * prices.LOG_GB.dollars)


def _telemetry_gb(scenario: Scenario) -> float:
    items = scenario.workload.telemetry.times(scenario.orders)
    calls = telemetry.CALL.times(SCHEDULED_RUNS)
    metrics = running_instances(scenario) * telemetry.METRICS_PER_MINUTE * _MINUTES_PER_MONTH
    always = items.facts + items.requests + calls.number + metrics
    read = items.lines * telemetry.READ_LINES
    count = always + read + scenario.traced_share * (items.lines - read + items.dependencies)
    if scenario.repeats_logs:
        count += items.lines + items.facts + calls.lines
    return count * telemetry.ITEM_KB / 1e6


def _queue_log_gb(scenario: Scenario) -> float:
    """Count the resource log that shows who writes to queues: a line for each message that is put, and for each that is deleted."""
    messages = scenario.workload.queue_operations // 3 if scenario.backend == "AzureStorage" else 1
    return scenario.orders * messages * 2 * _RESOURCE_LOG_KB / 1e6


def _executions(scenario: Scenario) -> float:
    return float(scenario.orders * scenario.workload.executions + SCHEDULED_RUNS)


def _metered(item: str, quantity: float, free: int, price: prices.Price) -> Line:
    paid = max(0.0, quantity - free)
    return Line(item, f"{quantity:,.0f} {price.per}, {free:,} free", paid * price.dollars)
