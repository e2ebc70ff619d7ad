"""Keep the figures that a benchmark prints, for the history, where that has asked for them."""

import json
import os
from pathlib import Path
from typing import Final, NamedTuple

KEPT_IN: Final = "BENCH_FIGURES"
"""The variable of the environment that names the file; without it, nothing is kept."""


class Figure(NamedTuple):
    """What is measured again and again.

    Attributes:
        title: What it is, for people.
        goal: The bound that it is to keep; empty without one.
        more_is_better: Which way it gets better.
    """

    title: str
    goal: str = ""
    more_is_better: bool = False

    @property
    def bound(self) -> float | None:
        """The number in its goal."""
        return float(self.goal.split()[1].replace(",", "")) if self.goal else None

    def is_met(self, value: float) -> bool | None:
        """Return whether a value keeps the goal; None without one."""
        if self.bound is None:
            return None
        return value >= self.bound if self.goal.startswith("≥") else value <= self.bound


FIGURES: Final = {
    "start_ratio": Figure("`make run`, second start to ready ÷ its floor", "≤ 1.5"),
    "import_ratio": Figure("import of `function_app` ÷ import of its libraries", "≤ 1.3"),
    "first_order_import_ratio": Figure("… with what a whole order imports ÷ import of its libraries", "≤ 1.4"),
    "tracing_ratio": Figure("what a first traced call loads ÷ import of the libraries", "≤ 0.15"),
    "orders_per_s": Figure("orders/s, the shop's whole path, 64 in flight", more_is_better=True),
    "order_cpu_ms": Figure("processor time of an order in the app, ms", "≤ 30"),
    "order_worker_cpu_ms": Figure("of it in the worker of `local_host`, ms", "≤ 30"),
    "real_worker_cpu_ms": Figure("processor time of an order in the platform's worker, ms", "≤ 30"),
    "report_worker_cpu_ms": Figure("processor time of a carrier's report in the worker of `local_host`, ms"),
    "app_mib": Figure("memory of the app after the orders, MiB"),
    "sagas_per_s": Figure("sagas/s of the engine, 64 in flight", more_is_better=True),
    "sagas_to_dbos": Figure("sagas/s ÷ DBOS", "≥ 4", more_is_better=True),
    "sagas_to_durabletask": Figure("sagas/s ÷ durabletask in memory", "≥ 1.5", more_is_better=True),
    "saga_cpu_to_dbos": Figure("processor time of a saga ÷ DBOS"),
    "single_p50_to_dbos": Figure("one saga at a time, p50 ÷ DBOS", "≤ 0.8"),
    "single_p95_to_dbos": Figure("one saga at a time, p95 ÷ DBOS", "≤ 0.8"),
    "fan_out_to_dbos": Figure("1,000 activities fanned out and in ÷ DBOS", "≤ 0.5"),
    "fan_out_to_durabletask": Figure("1,000 activities fanned out and in ÷ durabletask in memory", "≤ 1"),
    "increments_to_dbos": Figure("increments/s of one entity from 64 callers ÷ DBOS", "≥ 10", more_is_better=True),
    "chain_to_replays": Figure("chain of 150 activities ÷ the SDK's own replays of it", "≤ 1.5"),
    "waiting_starts_to_dbos": Figure("starts/s of instances that wait for an event ÷ DBOS", "≥ 5", more_is_better=True),
    "host_start_ratio": Figure("`local_host start` to its first answer ÷ import of `function_app`", "≤ 1.3"),
    "order_requests": Figure("storage requests of an order's whole life", "≤ 85"),
    "order_items": Figure("telemetry items of an order, its parcel apart", "≤ 70"),
    "saga_transactions_to_classic": Figure("storage transactions of an order ÷ the classic saga, modelled", "≤ 1.6"),
    "page_ratio": Figure("slowest page of many orders ÷ of a thousand", "≤ 2"),
    "sparse_page_ratio": Figure("the same by several conditions that few orders meet", "≤ 2"),
    "open_ratio": Figure("slowest timer with many orders ÷ with a thousand", "≤ 2"),
    "console_page_ratio": Figure("slowest page of the console ÷ its read of the repository"),
    "input_steepness": Figure("time over size of the slowest input, 1 is a straight line"),
    "hot_product_ratio": Figure("orders/s for one product ÷ over 50 products", more_is_better=True),
    "file_batch_ratio": Figure("a batch of files ÷ the same in a thread pool"),
    "order_batch_ratio": Figure("orders in one batch ÷ one by one"),
}


def keep(name: str, value: float) -> None:
    """Keep one figure. name: one of FIGURES."""
    assert name in FIGURES, name
    path = os.environ.get(KEPT_IN)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            print(json.dumps({name: round(value, 3)}), file=file)
