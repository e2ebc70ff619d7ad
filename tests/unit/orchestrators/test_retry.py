"""Back-off: growing, capped, spread out, and the same in every replay."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.kernel.retry import BRIEF, PERSISTENT, STEP, RetryPolicy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RetryPolicy(total=timedelta(minutes=5), first_pause=timedelta(seconds=2), longest_pause=timedelta(seconds=60))


@given(st.integers(1, 10_000), st.text())
def test_a_pause_lies_between_half_and_all_of_its_exponential_value(attempt, seed):
    full = min(timedelta(seconds=2) * 2 ** min(attempt - 1, 20), timedelta(seconds=60))
    pause = POLICY.pause_after(attempt, seed)
    assert full / 2 <= pause <= full
    assert pause == POLICY.pause_after(attempt, seed)


def test_different_orders_do_not_come_back_at_once():
    assert len({POLICY.pause_after(3, f"order-{n}") for n in range(50)}) > 20


@given(st.text(), st.sampled_from([STEP, PERSISTENT, BRIEF, POLICY]))
def test_the_last_attempt_begins_when_the_time_is_over(seed, policy):
    now, attempt = NOW, 1
    while (pause := policy.pause_before_next(attempt, seed, started=NOW, now=now)) is not None:
        assert pause <= policy.pause_after(attempt, seed)
        now, attempt = now + pause, attempt + 1
    assert now == NOW + policy.total
    fewest, most = policy.attempts()
    assert fewest <= attempt <= most


def test_the_time_that_attempts_take_counts():
    late = NOW + POLICY.total - timedelta(seconds=1)
    assert POLICY.pause_before_next(9, "", started=NOW, now=late) == timedelta(seconds=1)
    assert POLICY.pause_before_next(9, "", started=NOW, now=NOW + POLICY.total) is None


@pytest.mark.parametrize("policy", [STEP, PERSISTENT, BRIEF])
def test_no_timer_of_a_policy_is_split_into_parts(policy):
    # Above six days the SDK makes several timers of one, and cancelling them has no effect.
    assert policy.longest_pause < timedelta(days=6)


def test_a_compensation_is_tried_much_longer_than_a_step():
    assert PERSISTENT.total > 10 * STEP.total
