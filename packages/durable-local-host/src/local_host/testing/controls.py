"""What a test changes in a running app: activities replaced, calls that fail, workers and hosts that die."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Literal

from local_host.app.index import AppIndex
from local_host.engine.executor import FunctionKind
from local_host.testing.crashes import CrashFaults
from local_host.testing.doubles import Activity, ActivityCall, Doubles
from local_host.testing.worker_death import Call, DeathOrder, MortalWorker


class Controls:
    """The part of `AppHost` that replaces functions and makes things fail.

    Attributes:
        app: The app's functions.
        crashes: When the host dies; a new one after every restart.
    """

    def __init__(self, app: AppIndex, worker: MortalWorker) -> None:
        self.app = app
        self.crashes = CrashFaults()
        self._doubles = Doubles()
        self._worker = worker

    @property
    def activity_calls(self) -> list[ActivityCall]:
        """Every call of an activity so far, replaced ones included."""
        return self._doubles.calls

    @property
    def orchestrator_runs(self) -> Counter[str]:
        """How often each orchestrator's code has run so far: once when it starts, and a replay for all that it waited for."""
        return self._doubles.orchestrator_runs

    @property
    def entity_runs(self) -> Counter[str]:
        """How often each entity has been given a batch of operations so far."""
        return self._doubles.entity_runs

    @property
    def worker_deaths(self) -> int:
        """How often the worker process has died, as `kill_worker` said."""
        return self._worker.deaths

    def replace_activity(self, name: str, function: Callable[[Any], Any]) -> None:
        """Call `function` with the decoded input in place of an activity. It may be `async`; it returns plain JSON."""
        self.wrap_activity(name, lambda value, activity: function(value))

    def wrap_activity(self, name: str, function: Callable[[Any, Activity], Any]) -> None:
        """Replace an activity by a function that gets the activity itself as second argument: `await activity(value)` calls it."""
        self._doubles.replaced[self._activity(name)] = function

    def restore_activity(self, name: str) -> None:
        """Call the activity itself again."""
        del self._doubles.replaced[self._activity(name)]

    def fail_activity(self, name: str, *, attempt: int = 1, error: Exception | None = None) -> None:
        """Let the Nth call of an activity raise instead of run (1 is the first call in this host's life)."""
        self._doubles.failures[name.casefold(), attempt] = error or RuntimeError("made to fail by the test")

    def run_everything_twice(self, *, at_once: bool = False) -> None:
        """Run all code twice and deliver all messages twice, as a host may that dies at the wrong moments.

        at_once: both runs of an activity at the same time, as when a process that counts as dead still lives.
        """
        self._doubles.twice, self._doubles.at_once = True, at_once
        self.crashes.twice = True

    def _activity(self, name: str) -> str:
        found = self.app.find(FunctionKind.ACTIVITY, name)
        if found is None:
            known = ", ".join(self.app.durable_names(FunctionKind.ACTIVITY))
            raise LookupError(f"There is no activity '{name}'; the app has {known}.")
        return found.durable_name.casefold()

    def kill_worker(
        self, *, during: Call, name: str | None = None, nth: int = 1, when: Literal["before", "after"] = "before"
    ) -> None:
        """Let the worker process die in the middle of the Nth such call from now (of any name, unless one is given).

        before: before the code has had any effect; after: its code has run, and its answer is lost. The host goes on, and
        what the worker had in hand ends as on the real host: orchestrations fail for good, activities come back as
        failed, batches of entities are repeated, HTTP functions answer 500, other functions have failed. `worker_deaths`
        says whether it has come to it.
        """
        folded = None if name is None else name.casefold()
        self._worker.die_during(DeathOrder(during=during, name=folded, left=nth, when=when))

    def crash_before_commit(self, commits: int = 1) -> None:
        """Die just before the Nth commit from now. `restart` brings the host back."""
        self.crashes.arm(commits, after=False)

    def crash_after_commit(self, commits: int = 1) -> None:
        """Die just after the Nth commit from now, before any caller learns of it. `restart` brings the host back."""
        self.crashes.arm(commits, after=True)
