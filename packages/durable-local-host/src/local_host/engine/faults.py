"""Where a test can make the store misbehave: subclass `Faults` and pass it to `TaskHub.open`."""

from __future__ import annotations

from local_host.engine.history_events import Event


class Faults:
    """No faults. Each method is called at one point of the store's work; one that raises or exits is the fault."""

    def before_commit(self) -> None:
        """Run before a commit: everything is applied, nothing is on disk yet."""

    def after_commit(self) -> None:
        """Act when the work is on disk and no caller knows it yet."""

    def copies_of(self, event: Event) -> int:
        """Return how many copies of a message to store: a queue that delivers at least once may deliver it twice."""
        return 1
