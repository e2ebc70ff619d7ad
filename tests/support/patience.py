"""How often a policy tries what fails at once, and when: it follows from its times and the jitter of what is tried."""

from datetime import UTC, datetime, timedelta

from orchestrators.kernel.retry import RetryPolicy


def pauses(policy: RetryPolicy, seed: str) -> list[timedelta]:
    """Return the pauses between the attempts. seed: of `RetryPolicy.pause_before_next`."""
    started = now = datetime(2026, 1, 1, tzinfo=UTC)
    found: list[timedelta] = []
    while (pause := policy.pause_before_next(len(found) + 1, seed, started=started, now=now)) is not None:
        found.append(pause)
        now += pause
    return found


def tries(policy: RetryPolicy, seed: str) -> int:
    """Return the number of attempts."""
    return len(pauses(policy, seed)) + 1
