"""Calculate how many orders the daily copy into another region takes: beyond, it is whole later than a day."""

from typing import Final

from scripts.cost import storage

_PAGE_ROWS: Final = 1_000
_TRANSACTION_ROWS: Final = 100
REQUEST_S: Final = 0.02
"""Assumed of a request, as in docs/backup.md."""

RUN_S: Final = 200
"""A run begins no further page after this time; see `triggers.timer.back_up`."""

_RUNS_PER_DAY: Final = 3 * 24


def copy_requests_per_order() -> float:
    """Return how many requests copy the rows of one order: its share of a page that is read, and of a transaction."""
    return storage.STORED_ROWS * (1 / _PAGE_ROWS + 1 / _TRANSACTION_ROWS)


def orders_per_day() -> float:
    """Return how many stored orders are copied in a day."""
    return _RUNS_PER_DAY * RUN_S / (REQUEST_S * copy_requests_per_order())
