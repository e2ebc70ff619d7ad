"""The runtime status of an instance: its names in the management API and its numbers in history events."""

from __future__ import annotations

from enum import StrEnum


class RuntimeStatus(StrEnum):
    """Spelled as the management API spells it."""

    PENDING = "Pending"
    RUNNING = "Running"
    SUSPENDED = "Suspended"
    COMPLETED = "Completed"
    FAILED = "Failed"
    TERMINATED = "Terminated"
    CANCELED = "Canceled"
    CONTINUED_AS_NEW = "ContinuedAsNew"

    @property
    def has_ended(self) -> bool:
        """Ended instances take no messages; their id may be started again."""
        return self in ENDED

    @property
    def number(self) -> int:
        """The number in an ExecutionCompleted event."""
        return _NUMBERS[self]


ENDED = frozenset((RuntimeStatus.COMPLETED, RuntimeStatus.FAILED, RuntimeStatus.TERMINATED, RuntimeStatus.CANCELED))

_NUMBERS = {
    RuntimeStatus.RUNNING: 0,
    RuntimeStatus.COMPLETED: 1,
    RuntimeStatus.CONTINUED_AS_NEW: 2,
    RuntimeStatus.FAILED: 3,
    RuntimeStatus.CANCELED: 4,
    RuntimeStatus.TERMINATED: 5,
    RuntimeStatus.PENDING: 6,
    RuntimeStatus.SUSPENDED: 7,
}
