"""How far to look for orders that meet several conditions: a span of time in which there are many, but not too many, to check."""

from itertools import pairwise
from typing import Final

from adapters.stores.order_index import micros_of, word_of

_SPANS_COUNT: Final = 300
"""Of 17 rows each where a page has 50 orders: of one partition some 5,000, which the service checks well within five seconds."""

_MIN_SPAN_MICROS: Final = 1_000_000
_FIRST_ID: Final = "0"  # no order's id comes before it


def span_behind(places: list[str]) -> str:
    """Return the place where a span ends that begins behind some places, three hundred times as long as they take.

    Their longest pause does not count: orders are to be expected as densely behind it, however long the shop was closed.
    """
    times = [micros_of(place) for place in places]
    pauses = [later - earlier for earlier, later in pairwise(times)]
    taken = sum(pauses) - max(pauses, default=0)
    return f"{word_of(times[-1] + _SPANS_COUNT * max(taken, _MIN_SPAN_MICROS))}|{_FIRST_ID}"
