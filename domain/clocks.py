"""Times by clocks that are not the shop's: how far they may be ahead and still be believed."""

from datetime import datetime, timedelta
from typing import Final

MAX_CLOCK_LEAD: Final = timedelta(days=1)
"""A time further ahead than that is a fault of the clock that it is by: zones and drift differ by less."""


def is_plausible(moment: datetime, now: datetime) -> bool:
    """Return whether a time of the past, by another's clock, may be right. now: by the shop's clock."""
    return moment - now <= MAX_CLOCK_LEAD
