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


FIGURES: Final = {
    "start_ratio": Figure("`make run`, second start to ready ÷ its floor", "≤ 1.5"),
    "import_ratio": Figure("import of `function_app` ÷ import of its libraries", "≤ 1.3"),
    "first_order_import_ratio": Figure("… with what a whole order imports ÷ import of its libraries", "≤ 1.4"),
    "tracing_ratio": Figure("what a first traced call loads ÷ import of the libraries", "≤ 0.15"),
    "orders_per_s": Figure("orders/s, the shop's whole path, 64 in flight", more_is_better=True),
    "order_cpu_ms": Figure("processor time of an order in the app, ms", "≤ 30"),
    "order_worker_cpu_ms": Figure("of it in the worker of `local_host`, ms", "≤ 30"),
    "real_worker_cpu_ms": Figure("processor time of an order in the platform's worker, ms", "≤ 30"),
    "app_mib": Figure("memory of the app after the orders, MiB"),
    "sagas_per_s": Figure("sagas/s of the engine, 64 in flight", more_is_better=True),
    "sagas_to_dbos": Figure("sagas/s ÷ DBOS", "≥ 4", more_is_better=True),
    "sagas_to_durabletask": Figure("sagas/s ÷ durabletask in memory", "≥ 1.5", more_is_better=True),
    "single_p50_to_dbos": Figure("one saga at a time, p50 ÷ DBOS", "≤ 0.8"),
    "fan_out_to_dbos": Figure("1,000 activities fanned out and in ÷ DBOS", "≤ 0.5"),
}


def keep(name: str, value: float) -> None:
    """Keep one figure. name: one of FIGURES."""
    assert name in FIGURES, name
    path = os.environ.get(KEPT_IN)
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            print(json.dumps({name: round(value, 3)}), file=file)
