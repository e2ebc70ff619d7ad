"""Calculate how many orders a second the retention purges: with more, their histories and rows stay longer than they are to."""

from typing import Final

from triggers.timer.purge_history import TIMEOUT_S

NIGHTLY_RUNS: Final = 48
"""Of the timer: every five minutes for four hours."""

_CONCURRENCY: Final = 5
"""Threads of an instance of one vCPU for what blocks: Python's default of four and one for each processor."""

_PURGED_S: Final = 0.3
"""Assumed of an order: 30 requests of 10 ms, six of them with its history, which goes first. Storage's are counted."""

_DAY_S: Final = 24 * 60 * 60


def orders_per_s() -> float:
    """Return how many orders are purged on average over a day while there are more, their histories included."""
    return NIGHTLY_RUNS * TIMEOUT_S * _CONCURRENCY / _PURGED_S / _DAY_S
