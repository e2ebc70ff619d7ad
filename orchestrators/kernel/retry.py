"""Send the same request again, later and later, until it is answered or the policy's limits are reached.

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

from orchestrators.kernel.tasks import DurableTask

Wait = Generator[DurableTask, Any, Any]
"""What a helper of an orchestrator is: it yields durable tasks, and `yield from` gives its answer."""


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long the same request is sent again.

    Attributes:
        first_pause: Doubles up to longest_pause.
        max_attempts: None of them is started later than `within` after the first.
    """

    first_pause: timedelta
    longest_pause: timedelta
    max_attempts: int
    within: timedelta

    def pause_after(self, attempt: int, seed: str) -> timedelta:
        """Return how long to wait after failed attempt number `attempt` (from 1).

        Between half and all of the exponential value: the seed decides, so that many orders spread out while every replay
        of one order computes the same.
        """
        full = min(self.first_pause * (1 << min(attempt - 1, 30)), self.longest_pause)
        digest = hashlib.sha256(f"{seed}:{attempt}".encode()).digest()
        return full * (0.5 + digest[0] / 510)

    def allows(self, attempt: int, started: datetime, at: datetime) -> bool:
        """Return whether one more attempt may start at `at`, `attempt` having failed."""
        return attempt < self.max_attempts and at <= started + self.within


# A step: a customer is waiting, and what it leaves unknown can be compensated.
STEP = RetryPolicy(
    first_pause=timedelta(seconds=2),
    longest_pause=timedelta(minutes=1),
    max_attempts=6,
    within=timedelta(minutes=10),
)

# What must get done: a compensation, or a step after the point of no return. A provider may be down for hours.
PERSISTENT = RetryPolicy(
    first_pause=timedelta(seconds=5),
    longest_pause=timedelta(minutes=30),
    max_attempts=20,
    within=timedelta(hours=6),
)

# A courtesy that must not hold up an order's end.
BRIEF = RetryPolicy(
    first_pause=timedelta(seconds=1),
    longest_pause=timedelta(seconds=5),
    max_attempts=3,
    within=timedelta(seconds=30),
)


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
    call: Callable[[], Wait],
    policy: RetryPolicy,
    *,
    seed: str,
    interrupt: DurableTask | None = None,
) -> Generator[DurableTask, Any, Attempts]:
    """Call until answered.

    Args:
        context: The orchestration's.
        call: One attempt, anew each time.
        policy: How long it is tried.
        seed: Decides the jitter.
        interrupt: An event that ends the waiting early.
    """
    started: datetime = context.current_utc_datetime
    attempt = 1
    while True:
        try:
            answer = yield from call()
        except Exception:  # noqa: BLE001 - the runtime raises nothing more precise for a failed task
            pause = policy.pause_after(attempt, seed)
        else:
            return Attempts(answer=answer, count=attempt)
        if not policy.allows(attempt, started, context.current_utc_datetime + pause):
            return Attempts(count=attempt)
        interrupted = yield from sleep(context, pause, interrupt)
        if interrupted:
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
