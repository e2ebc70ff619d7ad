"""State how much processor time an order and its parcel take, as it was measured: what a plan takes is calculated from it.

A number that is measured anew goes here with its source; `python -m scripts.cost.pages` then writes the pages.
"""

from typing import Final, NamedTuple


class Measured(NamedTuple):
    """A processor time, and what it was measured of."""

    seconds: float
    source: str


ORDER_IN_WORKER: Final = Measured(
    0.029, "`bench.real_worker` with 300 orders at a load of 4, 2026-11-27: the platform's own worker"
)
REPORT_IN_WORKER: Final = Measured(
    0.0021, "`bench.reports` with 1,000 reports at a load of 5, 2026-11-27: the worker process of `local_host`"
)

_REAL_HOST: Final = (
    "500 orders of version 1.0, each with 19 runs of orchestrators and activities, on the real host with two cores"
)
RECORDED_IN_WORKER: Final = Measured(0.06, _REAL_HOST)
RECORDED_IN_HOST: Final = Measured(0.06, _REAL_HOST)
RECORDED_RUNS: Final = 11 + 8
"""Runs of orchestrators and of activities in an order of version 1.0, up to the first poll of its parcel."""

RUN_IN_HOST_S: Final = RECORDED_IN_HOST.seconds / RECORDED_RUNS
"""Of a run, its share of the order's request, polls and mail included."""

RECORDED_RUN_IN_WORKER_S: Final = RECORDED_IN_WORKER.seconds / RECORDED_RUNS

REPORT_IN_HOST_S: Final = RUN_IN_HOST_S
"""A report is taken for as much as a run: none was recorded."""
