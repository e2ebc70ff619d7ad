"""Make the tables of docs/capacity.md."""

import math
from typing import Final

from scripts.cost import backup, limits, processor
from scripts.cost.capacity import ORDERED, Full, of_deployment, of_instance, shared_parts, vcpus_of
from scripts.cost.deployed import Options, order_retention_days
from scripts.cost.instances import BUSY_PERCENT
from scripts.cost.markdown import rounded, table
from scripts.cost.processor import ORDER_IN_WORKER, RECORDED_IN_HOST, REPORT_IN_WORKER
from scripts.cost.reconciliation import INTERVAL_S, RUN_S, payments_per_s
from scripts.cost.retention import NIGHTLY_RUNS, orders_per_s
from triggers.timer.purge_history import TIMEOUT_S

_SIZES: Final = (
    ("FC1, 512 MB", "FC1", 512),
    ("FC1, 2,048 MB", "FC1", 2048),
    ("FC1, 4,096 MB", "FC1", 4096),
    ("EP1", "EP1", 2048),
    ("EP2", "EP2", 2048),
    ("EP3", "EP3", 2048),
    ("P0v3", "P0v3", 2048),
    ("P1v3", "P1v3", 2048),
    ("Y1", "Y1", 2048),
)
_CHOSEN: Final = (("FC1", 2048), ("EP1", 2048), ("EP2", 2048), ("P1v3", 2048))
_PEAKS_PER_S: Final = (1, 5, 20, 50, 100, 150)
_PARTITIONS: Final = (4, 8, 16)


def processor_table() -> str:
    """Return what processor time is calculated from."""
    runs = ORDERED.all_episodes + ORDERED.all_activities
    in_host = runs * processor.RUN_IN_HOST_S
    rows = [
        ("an order, in the worker", ORDER_IN_WORKER.seconds, ORDER_IN_WORKER.source),
        (
            "an order, in the host",
            in_host,
            f"{runs} runs, each a nineteenth of {RECORDED_IN_HOST.seconds:.2f} s: {RECORDED_IN_HOST.source}",
        ),
        ("a carrier's report, in the worker", REPORT_IN_WORKER.seconds, REPORT_IN_WORKER.source),
        ("a carrier's report, in the host", processor.REPORT_IN_HOST_S, "taken for a run: none was recorded"),
    ]
    return table(("Processor time", "ms", "from"), [(what, f"{1000 * seconds:.1f}", of) for what, seconds, of in rows])


def hand_text() -> str:
    """Return how much of its limits an instance has in hand at the rate that its processors take."""
    rate = of_instance("EP1").orders_per_s
    activities, runs = rate * ORDERED.activities * ORDERED.activity_s, rate * ORDERED.episodes * ORDERED.orchestrator_s
    return (
        f"At the rate that its processors take, an instance of one vCPU has {rate:.1f} × {ORDERED.activities} activities of "
        f"{ORDERED.activity_s} s in hand,\nwhich is {activities:.1f}, and {rate:.1f} × {ORDERED.episodes} runs of "
        f"{ORDERED.orchestrator_s} s, which is {runs:.1f}; one of two vCPUs at most twice as many."
    )


def backup_text() -> str:
    """Return how many stored orders the daily copy takes, and which rate that is once orders are kept for their time."""
    orders = backup.orders_per_day()
    days = order_retention_days("FC1", "AzureStorage", Options())
    return (
        "**The daily copy into another region** (`APP_BACKUP_LOCATION`) limits what is stored, not a rate: it copies every "
        f"stored order\neach day, and with {backup.REQUEST_S * 1000:.0f} ms a request there is room for {orders / 1e6:.1f} "
        f"million. At {days} days (`APP_ORDER_DAYS`) that is a shop of {orders / days:,.0f} orders\na day, or "
        f"{orders / days / 86_400:.2f} a second on average."
    )


def part_table() -> str:
    """Return what an order takes of each shared part, and when that is full."""
    parts = {each.part: each.orders_per_s for each in shared_parts("AzureStorage", partitions=1)}
    messages = ORDERED.control_messages
    takes = {
        "processors": f"{ORDERED.cpu_s:.3f} s, {ORDERED.worker_cpu_s:.3f} of them in the worker; "
        f"an instance is to stay below {BUSY_PERCENT} % busy",
        "control queues": f"{messages} messages, each put, read and deleted: {3 * messages} operations over all partitions",
        "work-item queue": f"{ORDERED.all_activities} messages, {3 * ORDERED.all_activities} operations, in one queue",
        "storage account": f"{ORDERED.life_requests.number:.0f} requests, the reads of queues and the client's polls beside",
        "order repository": f"{ORDERED.repository_rows} rows with their index rows, in one of eight partitions",
    }
    full = {
        "processors": f"{rounded(of_instance('EP1').orders_per_s)} for each vCPU",
        "control queues": f"{rounded(parts['control queues'])} for each partition",
    }
    rows = [(part, what, full.get(part) or rounded(parts[part])) for part, what in takes.items()]
    return table(
        ("Part", "What an order takes of it, with its parcel", "Full at orders/s"), [*rows, _scheduler(), *_providers()]
    )


def _providers() -> list[tuple[str, str, str]]:
    calls = limits.STRIPE_CALLS_PER_S.number
    of_runs = f"compared in runs of {RUN_S} s, every {INTERVAL_S} s while there are more"
    return [
        (
            "Stripe account",
            "one call that makes the payment, one that captures it",
            f"{calls}, unless Stripe raises it",
        ),
        ("reconciliation of payments", of_runs, f"{rounded(payments_per_s())} on average over a day"),
        (
            "retention",
            f"purged in {NIGHTLY_RUNS} runs of {TIMEOUT_S} s a night",
            f"{rounded(orders_per_s())} on average over a day",
        ),
    ]


def _scheduler() -> tuple[str, str, str]:
    actions = ORDERED.scheduler_actions
    consumption = limits.SCHEDULER_CONSUMPTION_ACTIONS_PER_S.number / actions
    unit = limits.SCHEDULER_UNIT_ACTIONS_PER_S.number / actions
    return (
        "Durable Task Scheduler",
        f"{actions} actions: the start, each call and its answer, a signal",
        f"{rounded(consumption)} (Consumption), {rounded(unit)} a unit (Dedicated, {limits.MAX_SCHEDULER_UNITS.number} at most)",
    )


def plan_table() -> str:
    """Return how much each plan takes with each back end, and what is full then."""
    rows = [
        (
            label,
            f"{vcpus_of(plan, memory_mb):g}",
            _full(of_instance(plan, memory_mb)),
            *(_full(of_deployment(plan, "AzureStorage", partitions=count, memory_mb=memory_mb)) for count in (4, 16)),
            *(_full(of_deployment(plan, "DurableTaskScheduler", units=count, memory_mb=memory_mb)) for count in (0, 3)),
        )
        for label, plan, memory_mb in _SIZES
    ]
    return table(
        (
            "Plan",
            "vCPUs",
            "an instance",
            "Azure Storage, 4 partitions",
            "Azure Storage, 16",
            "Scheduler, Consumption",
            "Scheduler, 3 units",
        ),
        rows,
    )


def _full(full: Full) -> str:
    return f"{rounded(full.orders_per_s)}: {full.part}"


def choice_table() -> str:
    """Return how many instances and partitions a peak needs."""
    rows = [
        (f"{peak}", *(_needed(plan, memory_mb, peak) for plan, memory_mb in _CHOSEN), _scheduler_of(peak))
        for peak in _PEAKS_PER_S
    ]
    return table(
        (
            "Orders a second, at the peak",
            "FC1, 2,048 MB",
            "EP1",
            "EP2",
            "P1v3",
            "or, in place of partitions, a scheduler",
        ),
        rows,
    )


def _needed(plan: str, memory_mb: int, peak: float) -> str:
    instances = math.ceil(peak / of_instance(plan, memory_mb).orders_per_s)
    fitting = [
        count
        for count in _PARTITIONS
        if of_deployment(plan, "AzureStorage", partitions=count, memory_mb=memory_mb).orders_per_s >= peak
    ]
    return f"{instances}, with {fitting[0]} partitions" if fitting else "cells"


def _scheduler_of(peak: float) -> str:
    needed = peak * ORDERED.scheduler_actions
    if needed <= limits.SCHEDULER_CONSUMPTION_ACTIONS_PER_S.number:
        return "Consumption"
    units = math.ceil(needed / limits.SCHEDULER_UNIT_ACTIONS_PER_S.number)
    return f"{units} unit{'' if units == 1 else 's'}"
