"""What orchestrators need of the SDK's tasks, as a protocol of our own: the SDK moves its modules between versions."""

from typing import Any, Protocol


class DurableTask(Protocol):
    """What an orchestrator yields: an activity, an entity operation, a timer, an event, or several of them."""

    @property
    def is_completed(self) -> bool:
        """Whether it has ended, well or badly."""

    @property
    def result(self) -> Any:
        """What it ended with; the error where it failed."""
