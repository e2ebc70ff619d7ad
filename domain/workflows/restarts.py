"""How often, and when, a run is started again whose instance the platform has failed, and how its status shows that."""

from datetime import datetime, timedelta
from typing import Final

from domain.workflows.intake import Reminder
from domain.workflows.steps import StepUnderWay

PAUSES: Final = tuple(timedelta(minutes=minutes) for minutes in (0, 1, 2, 5, 15, 30, 60))
"""Before each of the restarts. A worker that dies again and again has time to recover; code that always fails ends within hours."""

TIMER_INTERVAL: Final = timedelta(minutes=1)
"""How often the recovery timer runs, on the full minute."""

START_AGAIN: Final = "start_again"
"""What the recovery timer does, among the steps that a status can show."""

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
    return now >= _due_at(reminder, tries, now)


def restart_under_way(reminder: Reminder, now: datetime) -> StepUnderWay:
    """Return the next restart of a run, as its status shows it: the timer begins it with its first run after the pause."""
    tries = tries_of(reminder, now)
    return StepUnderWay(
        name=START_AGAIN,
        attempt=tries + 1,
        last_error="the instance failed before the end; the log of the app has the reason",
        next_attempt_at=None if are_used_up(tries) else _next_run(max(now, _due_at(reminder, tries, now))),
    )


def _due_at(reminder: Reminder, tries: int, now: datetime) -> datetime:
    return now if reminder.tried_at is None else reminder.tried_at + PAUSES[tries]


def _next_run(at: datetime) -> datetime:
    minute = at.replace(second=0, microsecond=0)
    return minute if minute == at else minute + TIMER_INTERVAL
