"""Send the same request again, later and later, until it is answered or the policy's time is over.

The platform's own retry has one fixed interval, no filter, and waits once more after the last failure. This is a loop of
durable timers instead. What is not worth retrying never gets here: activities return it (`refused`, `faulted`) and raise only
when the same request may be sent again.
"""

import hashlib
from collections.abc import Callable, Generator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import azure.durable_functions as df

from domain.workflows.failure_reason import failure_reason
from domain.workflows.steps import STEP_PATIENCE_S
from orchestrators.kernel.tasks import DurableTask

Wait = Generator[DurableTask, Any, Any]
"""What a helper of an orchestrator is: it yields durable tasks, and `yield from` gives its answer."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long the same request is sent again. How many attempts that makes follows from it.

    Attributes:
        total: From the beginning of the first attempt to that of the last. What attempts take, up to the time-outs of their
            own requests, counts; an attempt that begins within it is not cut short.
        first_pause: Doubles up to longest_pause.
    """

    total: timedelta
    first_pause: timedelta
    longest_pause: timedelta

    def pause_after(self, attempt: int, seed: str) -> timedelta:
        """Return how long to wait after failed attempt number `attempt` (from 1), were there no end.

        Between half and all of the exponential value: the seed decides, so that many orders spread out while every replay
        of one order computes the same.
        """
        digest = hashlib.sha256(f"{seed}:{attempt}".encode()).digest()
        return self._full_pause(attempt) * (0.5 + digest[0] / 510)

    def pause_before_next(self, attempt: int, seed: str, *, started: datetime, now: datetime) -> timedelta | None:
        """Return how long to wait after failed attempt number `attempt`, or None when it was the last.

        The last one begins when the time is over: an incident that is shorter than that fails no run.
        """
        left = started + self.total - now
        return min(self.pause_after(attempt, seed), left) if left > timedelta(0) else None

    def attempts(self) -> tuple[int, int]:
        """Return the fewest and the most attempts that there can be when each fails at once."""
        return self._attempts(1.0), self._attempts(0.5)

    def _attempts(self, share: float) -> int:
        attempts, waited = 1, timedelta(0)
        while waited < self.total:
            waited += self._full_pause(attempts) * share
            attempts += 1
        return attempts

    def _full_pause(self, attempt: int) -> timedelta:
        return min(self.first_pause * (1 << min(attempt - 1, 30)), self.longest_pause)


# A step: a customer is waiting, and what it leaves unknown can be compensated. The setting STEP_PATIENCE_S is its total.
STEP = RetryPolicy(
    total=timedelta(seconds=STEP_PATIENCE_S), first_pause=timedelta(seconds=2), longest_pause=timedelta(minutes=1)
)

# What must get done: a compensation, or a step after the point of no return. A provider may be down for hours.
PERSISTENT = RetryPolicy(
    total=timedelta(hours=6), first_pause=timedelta(seconds=5), longest_pause=timedelta(minutes=30)
)

# A courtesy that must not hold up an order's end.
BRIEF = RetryPolicy(total=timedelta(seconds=30), first_pause=timedelta(seconds=2), longest_pause=timedelta(seconds=10))


class AttemptFailed(Exception):
    """An attempt got no answer, as is known without a failed task. reason: in one line without private data."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, kw_only=True)
class FailedAttempt:
    """An attempt that got no answer.

    Attributes:
        number: From 1.
        reason: Why, in one line without private data.
        next_at: When the next one begins; None after the last.
    """

    number: int
    reason: str
    next_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Attempts:
    """How a call went.

    Attributes:
        answer: None when no attempt was answered, so that whether it took effect is unknown.
    """

    answer: Any = None
    count: int


def call_with_backoff(
    context: df.DurableOrchestrationContext,
    call: Callable[[int], Wait],
    policy: RetryPolicy,
    *,
    seed: str,
    interrupt: DurableTask | None = None,
    after_failure: Callable[[FailedAttempt], None] = lambda failed: None,
) -> Generator[DurableTask, Any, Attempts]:
    """Call until answered.

    Args:
        context: The orchestration's.
        call: One attempt, anew each time, by its number from 1.
        policy: How long it is tried.
        seed: Decides the jitter.
        interrupt: An event that ends the waiting early.
        after_failure: Called before the wait for the next attempt, and after the last.
    """
    started: datetime = context.current_utc_datetime
    attempt = 1
    while True:
        try:
            answer = yield from call(attempt)
        except AttemptFailed as known:
            reason = known.reason
        except Exception as error:  # noqa: BLE001 - the runtime raises nothing more precise for a failed task
            reason = failure_reason(str(error))
        else:
            return Attempts(answer=answer, count=attempt)
        now: datetime = context.current_utc_datetime
        pause = policy.pause_before_next(attempt, seed, started=started, now=now)
        after_failure(FailedAttempt(number=attempt, reason=reason, next_at=None if pause is None else now + pause))
        if pause is None or (yield from sleep(context, pause, interrupt)):
            return Attempts(count=attempt)
        attempt += 1


def sleep(
    context: df.DurableOrchestrationContext, pause: timedelta, interrupt: DurableTask | None
) -> Generator[DurableTask, Any, bool]:
    """Wait for a durable timer.

    Returns True when the interrupt came first; the timer is cancelled then, or the instance could not end.
    """
    timer = context.create_timer(context.current_utc_datetime + pause)
    if interrupt is None:
        yield timer
        return False
    yield context.task_any([timer, interrupt])
    if timer.is_completed:
        return False
    timer.cancel()
    return True
