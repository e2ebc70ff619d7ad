"""Back-off: growing, capped, spread out, and the same in every replay."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrators.kernel.retry import BRIEF, PERSISTENT, STEP, RetryPolicy

NOW = datetime(2026, 1, 1, tzinfo=UTC)
POLICY = RetryPolicy(
    first_pause=timedelta(seconds=2),
    longest_pause=timedelta(seconds=60),
    max_attempts=4,
    within=timedelta(minutes=5),
)


@given(st.integers(1, 10_000), st.text())
def test_a_pause_lies_between_half_and_all_of_its_exponential_value(attempt, seed):
    full = min(timedelta(seconds=2) * 2 ** min(attempt - 1, 20), timedelta(seconds=60))
    pause = POLICY.pause_after(attempt, seed)
    assert full / 2 <= pause <= full
    assert pause == POLICY.pause_after(attempt, seed)


def test_different_orders_do_not_come_back_at_once():
    assert len({POLICY.pause_after(3, f"order-{n}") for n in range(50)}) > 20


def test_attempts_end_by_number_and_by_time():
    assert POLICY.allows(3, NOW, NOW + timedelta(minutes=5))
    assert not POLICY.allows(4, NOW, NOW)
    assert not POLICY.allows(1, NOW, NOW + timedelta(minutes=5, seconds=1))


@pytest.mark.parametrize("policy", [STEP, PERSISTENT, BRIEF])
def test_no_timer_of_a_policy_is_split_into_parts(policy):
    # Above six days the SDK makes several timers of one, and cancelling them has no effect.
    assert policy.longest_pause < timedelta(days=6)


def test_an_compensation_is_tried_much_longer_than_a_step():
    assert PERSISTENT.within > 10 * STEP.within
