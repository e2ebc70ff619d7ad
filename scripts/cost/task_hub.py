"""Price the task hub, and what the app asks of its own storage."""

from typing import Final

from scripts.cost import prices, storage
from scripts.cost.compute import running_instances
from scripts.cost.deployed import order_retention_days
from scripts.cost.instances import MONTH_S
from scripts.cost.line import Line
from scripts.cost.scenario import Scenario
from scripts.cost.workload import SCHEDULED_RUNS
from scripts.host_json import host_json

_MINUTES_PER_MONTH: Final = MONTH_S // 60
_DAYS_PER_MONTH: Final = MONTH_S / 86_400
_DEFAULT_SQL_GB: Final = 32
"""The size that is paid, whatever is stored: the default of the kind that the template asks for."""

_MIN_SQL_VCPUS: Final = 0.5

OTHER_IDLE_REQUESTS_PER_MINUTE: Final = storage.RECORDED_IDLE_REQUESTS_PER_MINUTE - 5 * 6
"""Of each running instance: those recorded, without the polls of four control queues and of the work-item queue every ten seconds.

They are the polls of the app's own queues, leases and the table of partitions.
"""


def task_hub(scenario: Scenario) -> list[Line]:
    """Return what the task hub and the app's own tables and queues cost a month, by what is asked of them."""
    load = scenario.workload
    if scenario.backend == "DurableTaskScheduler":
        actions = scenario.orders * load.scheduler_actions
        return [Line("scheduler", f"{actions:,} actions; no price found", None), *_shop_storage(scenario)]
    if scenario.backend == "MSSQL":
        return [_database(), *_shop_storage(scenario)]
    queue = scenario.orders * load.queue_operations
    table = scenario.orders * load.table_operations
    return [
        Line("queue operations", f"{queue:,}", queue * prices.QUEUE_OPERATION.dollars),
        Line("table operations", f"{table:,}", table * prices.TABLE_OPERATION.dollars),
    ]


def standing_storage(scenario: Scenario) -> list[Line]:
    """Return what the storage account costs beside: what is stored, the polling, and the notes of timers."""
    days = order_retention_days(scenario.plan, scenario.backend, scenario.options)
    stored = stored_orders(scenario) * storage.STORED_KB / 1e6
    polls = idle_requests_per_minute(scenario) * _MINUTES_PER_MONTH
    return [
        # Polls are priced as queue operations, which most of them are.
        Line("idle polling", f"{polls:,.0f} operations", polls * prices.QUEUE_OPERATION.dollars),
        Line("notes of timers", f"{SCHEDULED_RUNS:,} blobs written", SCHEDULED_RUNS * prices.BLOB_WRITE.dollars),
        Line("stored orders", f"{stored:,.1f} GB, of {days} days", stored * prices.TABLE_GB_MONTH.dollars),
    ]


def stored_orders(scenario: Scenario) -> float:
    """Return how many orders the repository holds once the first ones leave it."""
    days = order_retention_days(scenario.plan, scenario.backend, scenario.options)
    return scenario.orders * days / _DAYS_PER_MONTH


def idle_requests_per_minute(scenario: Scenario) -> float:
    """Return what all instances ask the storage account a minute while nothing happens.

    A control queue is polled by the one instance that owns it, the work-item queue by each.
    """
    instances = running_instances(scenario)
    others = instances * OTHER_IDLE_REQUESTS_PER_MINUTE
    if scenario.backend != "AzureStorage":
        return others
    return others + (scenario.partitions + instances) * 60 / _polling_interval_s(scenario.plan)


def _polling_interval_s(plan: str) -> int:
    provider = host_json(plan, "AzureStorage")["extensions"]["durableTask"]["storageProvider"]
    hours, minutes, seconds = (int(part) for part in provider["maxQueuePollingInterval"].split(":"))
    return 3600 * hours + 60 * minutes + seconds


def _database() -> Line:
    """Price the database at its least: it never pauses, as its workers poll. How much more an order asks of it is not known."""
    vcpus = 730 * _MIN_SQL_VCPUS * prices.SQL_VCORE_HOUR.dollars
    return Line(
        "database, at its least",
        f"{_MIN_SQL_VCPUS} vCores of 2 all month, {_DEFAULT_SQL_GB} GB",
        vcpus + _DEFAULT_SQL_GB * prices.SQL_GB_MONTH.dollars,
    )


def _shop_storage(scenario: Scenario) -> list[Line]:
    """Price the shop's own tables and queues, which stay in storage wherever the task hub is."""
    table, queue = scenario.orders * scenario.workload.shop_table_operations, scenario.orders * 3
    operations = table * prices.TABLE_OPERATION.dollars + queue * prices.QUEUE_OPERATION.dollars
    return [Line("order repository and notifications", f"{table + queue:,} operations", operations)]
