"""Price what the workspace takes: telemetry, and the log of writes to queues."""

from typing import Final

from scripts.cost import prices, telemetry
from scripts.cost.compute import reporting_instances
from scripts.cost.deployed import outside_runs, visits
from scripts.cost.instances import MONTH_S
from scripts.cost.line import Line
from scripts.cost.scenario import Scenario
from scripts.cost.workload import SCHEDULED_RUNS

_RESOURCE_LOG_KB: Final = 1.0  # assumed
_MINUTES_PER_MONTH: Final = MONTH_S // 60


def logs(scenario: Scenario) -> list[Line]:
    """Return what logs cost a month. The free gigabytes are taken off telemetry, and what it leaves of them off the rest."""
    sent, writes = telemetry_gb(scenario), _queue_log_gb(scenario)
    free = prices.MAX_FREE_LOG_GB
    left = max(0.0, free - sent)
    return [
        Line("telemetry", f"{sent:,.1f} GB, {free} free", max(0.0, sent - free) * prices.LOG_GB.dollars),
        Line("log of queue writes", f"{writes:,.1f} GB", max(0.0, writes - left) * prices.LOG_GB.dollars),
    ]


def logged_gb(scenario: Scenario) -> float:
    """Return how many gigabytes the workspace takes in a month."""
    return telemetry_gb(scenario) + _queue_log_gb(scenario)


def telemetry_gb(scenario: Scenario) -> float:
    """Return how many of them are telemetry: of orders, of timers, of visits to the health page, and metrics of instances."""
    items = scenario.workload.telemetry.times(scenario.orders)
    where = (scenario.plan, scenario.backend, scenario.options)
    calls = telemetry.CALL.times(SCHEDULED_RUNS + visits(*where))
    metrics = reporting_instances(scenario) * telemetry.METRICS_PER_MINUTE * _MINUTES_PER_MONTH
    # Each run of the test from outside is a row of its own as well.
    always = items.facts + items.requests + calls.number + metrics + outside_runs(*where)
    read = items.lines * telemetry.READ_LINES
    count = always + read + scenario.traced_share * (items.lines - read + items.dependencies)
    if scenario.repeats_logs:
        count += items.lines + items.facts + calls.lines
    return count * telemetry.ITEM_KB / 1e6


def _queue_log_gb(scenario: Scenario) -> float:
    """Count the resource log that shows who writes to queues: a line for each message that is put, and for each that is deleted."""
    messages = scenario.workload.queue_operations // 3 if scenario.backend == "AzureStorage" else 1
    return scenario.orders * messages * 2 * _RESOURCE_LOG_KB / 1e6
