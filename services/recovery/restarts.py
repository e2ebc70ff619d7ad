"""How often, and when, a run is started again whose instance the platform has failed."""

from datetime import datetime, timedelta
from typing import Final

from domain.workflows.intake import Reminder

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 2, 5, 15, 30, 60))
"""Before each of the restarts. A worker that dies again and again has time to recover; code that always fails ends within hours."""

FORGIVEN_AFTER: Final = timedelta(days=1)
"""A run that went on for so long since its last restart did not fail because of what failed it then."""


def tries_of(reminder: Reminder, now: datetime) -> int:
    """Return how many of the restarts are used up."""
    is_forgiven = reminder.tried_at is not None and now - reminder.tried_at > FORGIVEN_AFTER
    return 0 if is_forgiven else reminder.tries


def are_used_up(tries: int) -> bool:
    """Return whether there is no further restart."""
    return tries >= len(PAUSES)


def is_due(reminder: Reminder, tries: int, now: datetime) -> bool:
    """Return whether the pause before the next restart is over."""
    return reminder.tried_at is None or now >= reminder.tried_at + PAUSES[tries]
