"""Price the instances that an app runs on, and count them."""

import math
from typing import Final

from scripts.cost import prices
from scripts.cost.capacity import of_instance
from scripts.cost.deployed import visits
from scripts.cost.instances import MONTH_S, active_seconds, awake_seconds
from scripts.cost.line import Line
from scripts.cost.scenario import MAX_Y1_MEMORY_MB, Scenario
from scripts.cost.workload import SCHEDULED_RUNS

_SCHEDULED_RUN_S: Final = 0.2
_VISIT_S: Final = 0.1

_AWAKE_COUNT: Final = 2
"""Instances of FC1 that nothing lets sleep, beside those for orchestrations: HTTP's, by the test from outside, and the one of the
timer that runs every minute."""


def compute(scenario: Scenario) -> list[Line]:
    """Return what the instances cost a month."""
    if scenario.plan == "FC1":
        return _flex(scenario)
    return _consumption(scenario) if scenario.plan == "Y1" else _standing(scenario)


def running_instances(scenario: Scenario) -> float:
    """Return how many instances run orchestrations and activities, on average."""
    if scenario.plan == "FC1":
        on_demand = _durable_seconds(scenario) / MONTH_S - scenario.always_ready
        return scenario.always_ready + max(0.0, on_demand)
    if scenario.instances is not None:
        return scenario.instances
    needed = max(1.0, scenario.orders_per_s / of_instance(scenario.plan, load=scenario.workload).orders_per_s)
    return needed if scenario.plan == "Y1" else float(math.ceil(needed))


def reporting_instances(scenario: Scenario) -> float:
    """Return how many instances send metrics, on average: of FC1 also those of HTTP and of timers."""
    if scenario.plan != "FC1":
        return running_instances(scenario)
    return running_instances(scenario) + max(0.0, _http_seconds(scenario) / MONTH_S - 1) + _AWAKE_COUNT


def _consumption(scenario: Scenario) -> list[Line]:
    # Memory is counted in steps of 128 MB.
    gigabytes = math.ceil(min(scenario.memory_mb, MAX_Y1_MEMORY_MB) / 128) * 128 / 1024
    of_orders = scenario.orders * scenario.workload.billed_s
    others = SCHEDULED_RUNS * _SCHEDULED_RUN_S + _visits(scenario) * _VISIT_S
    executions = scenario.orders * scenario.workload.executions + SCHEDULED_RUNS + _visits(scenario)
    return [
        _metered("compute", gigabytes * (of_orders + others), prices.Y1_FREE_GB_SECONDS, prices.Y1_GB_SECOND),
        _metered("executions", executions, prices.Y1_FREE_EXECUTIONS, prices.Y1_EXECUTION),
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
        _flex_executions(scenario, ready / durable if durable else 0.0),
    ]


def _flex_executions(scenario: Scenario, ready_share: float) -> Line:
    """Price executions: the grant is for those on demand alone."""
    ready = scenario.orders * scenario.workload.durable_executions * ready_share
    all_of_them = scenario.orders * scenario.workload.executions + SCHEDULED_RUNS + _visits(scenario)
    paid = ready + max(0.0, all_of_them - ready - prices.FC1_FREE_EXECUTIONS)
    quantity = f"{all_of_them:,.0f} executions, {prices.FC1_FREE_EXECUTIONS:,} of those on demand free"
    return Line("executions", quantity, paid * prices.FC1_EXECUTION.dollars)


def _visits(scenario: Scenario) -> float:
    return visits(scenario.plan, scenario.backend, scenario.options)


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
    of_orders = active_seconds(
        orders=scenario.orders,
        executions=load.http_executions,
        busy_s=load.http_busy_s,
        cpu_s=load.reports_cpu_s,
        vcpus=scenario.vcpus,
        concurrency=scenario.concurrency,
    )
    # A visit at a moment at which an instance is active anyway costs nothing more.
    idle_share = max(0.0, 1 - of_orders / MONTH_S)
    return of_orders + idle_share * awake_seconds(_visits(scenario))


def _mail_seconds(scenario: Scenario) -> float:
    return active_seconds(
        orders=scenario.orders,
        executions=1,
        busy_s=scenario.workload.mail_s,
        vcpus=scenario.vcpus,
        concurrency=scenario.concurrency,
    )


def _standing(scenario: Scenario) -> list[Line]:
    instances = running_instances(scenario)
    working = Line(
        "instances", f"{instances:g} x {scenario.plan}, all month", instances * _instance_month(scenario.plan)
    )
    if scenario.plan in prices.DEDICATED_HOUR or scenario.instances is not None:
        return [working]
    # While an app works, Premium keeps another instance warm, and bills it; an average that was measured holds it already.
    return [working, Line("pre-warmed instance", f"1 x {scenario.plan}, all month", _instance_month(scenario.plan))]


def _instance_month(plan: str) -> float:
    if plan in prices.DEDICATED_HOUR:
        return 730 * prices.DEDICATED_HOUR[plan].dollars
    vcpus, gib = prices.EP_SIZES[plan]
    return 730 * (vcpus * prices.EP_VCPU_HOUR.dollars + gib * prices.EP_GIB_HOUR.dollars)


def _metered(item: str, quantity: float, free: int, price: prices.Price) -> Line:
    paid = max(0.0, quantity - free)
    return Line(item, f"{quantity:,.0f} {price.per}, {free:,} free", paid * price.dollars)
