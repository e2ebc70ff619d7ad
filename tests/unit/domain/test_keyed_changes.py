"""What an entity remembers of the changes that callers ask for under a key."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.inventory.requests import MAX_MOVEMENTS, AdjustRequest, RestockRequest
from domain.keyed_changes import (
    KEY_RETENTION,
    MAX_CHANGES,
    MAX_LATE_REFUSALS,
    MAX_NOTES,
    ChangeId,
    ChangeLog,
    ChangeState,
)
from domain.workflows.steps import Outcome, StepResult

NOW = datetime(2026, 1, 1, tzinfo=UTC)
REFUSED = StepResult.refused("below_zero", "not enough")
A_SECOND = timedelta(seconds=1)


def delivery(key: str = "k", quantity: int = 1, at: datetime = NOW) -> RestockRequest:
    return RestockRequest(key=key, requested_at=at, quantity=quantity)


def full_log(at: datetime = NOW) -> ChangeLog:
    entry = ChangeLog().record(delivery(at=at), StepResult()).entries
    return ChangeLog({f"other-{number}": next(iter(entry.values())) for number in range(MAX_MOVEMENTS)})


def reason(result: StepResult | None) -> str | None:
    return None if result is None else result.reason_code


def test_a_fingerprint_is_of_what_is_asked_and_of_nothing_else():
    assert delivery("a").fingerprint == delivery("b", at=NOW + A_SECOND).fingerprint
    assert delivery(quantity=1).fingerprint != delivery(quantity=2).fingerprint
    found = AdjustRequest(key="k", requested_at=NOW, delta=1, reason="found")
    assert found.fingerprint != found.model_copy(update={"reason": "counted"}).fingerprint


def test_an_id_of_a_change_has_the_form_of_one_and_does_not_contain_its_key():
    change_id = delivery("delivery-7").change_id
    assert TypeAdapter(ChangeId).validate_python(change_id) == change_id
    assert "delivery" not in change_id
    with pytest.raises(ValidationError):
        TypeAdapter(ChangeId).validate_python(f"{change_id}0")


def test_a_key_is_known_until_its_time_is_over_and_new_after_that():
    log = ChangeLog().record(delivery(), StepResult())
    last_moment, after = NOW + KEY_RETENTION - A_SECOND, NOW + KEY_RETENTION
    assert log.answered(delivery(at=last_moment)) == StepResult()
    assert log.answered(delivery(at=after)) is None
    assert log.record(delivery(quantity=2, at=after), StepResult()).answered(delivery(quantity=2, at=after)) is not None


def test_a_change_that_is_repeated_after_it_was_forgotten_is_not_made_again():
    log = ChangeLog().record(delivery(), StepResult()).forget(NOW + KEY_RETENTION)
    late = delivery(at=NOW + KEY_RETENTION + A_SECOND)
    assert log.answered(late) is None, "asked for anew, it counts"
    for entries in (log, log.record(late.model_copy(update={"key": "other"}), StepResult())):
        for clock_ahead in (timedelta(0), timedelta(minutes=5)):
            repeated = late.model_copy(update={"repeated_since": NOW + clock_ahead})
            assert reason(entries.answered(repeated)) == "change_forgotten"
        assert entries.answered(repeated.model_copy(update={"repeated_since": NOW + timedelta(minutes=6)})) is None
    assert repeated.fingerprint == late.fingerprint


def test_a_change_that_is_repeated_late_and_not_forgotten_is_answered_as_before():
    log = ChangeLog().record(delivery(), StepResult())
    repeated = delivery(at=NOW + 2 * KEY_RETENTION).model_copy(update={"repeated_since": NOW})
    assert log.answered(repeated) == StepResult()
    assert log.record(repeated, StepResult()).answered(delivery(at=NOW + 2 * KEY_RETENTION)) == StepResult()


def test_an_entity_with_as_many_keys_as_it_may_remember_refuses_new_ones_and_recognises_the_old_ones():
    log = full_log().record(delivery("known"), StepResult())
    assert reason(log.answered(delivery("new"))) == "too_many_changes"
    assert log.answered(delivery("known")) == StepResult()
    assert log.answered(delivery("new", at=NOW + KEY_RETENTION)) is None


def test_what_is_remembered_stays_bounded_whatever_comes():
    log = full_log()
    done = log.entries.keys()
    refused = next(iter(ChangeLog().record(delivery(), REFUSED).entries.values()))
    log = ChangeLog({**log.entries, **{f"refused-{number}": refused for number in range(MAX_LATE_REFUSALS - 2)}})
    for number in range(5):
        change = delivery(f"more-{number}")
        log = log.record(change, log.answered(change) or StepResult())
    assert len(log.entries) == MAX_MOVEMENTS + MAX_LATE_REFUSALS
    assert done <= log.entries.keys(), "only refusals are forgotten early"
    assert "refused-0" not in log.entries, "the oldest first"
    assert len(log.record(delivery("late", at=NOW + KEY_RETENTION), StepResult()).entries) == 1


def test_what_an_entity_remembers_of_a_release_with_a_higher_limit_is_kept_and_recognised():
    entry = next(iter(full_log().entries.values()))
    log = ChangeLog({f"other-{number}": entry for number in range(MAX_CHANGES)}).record(delivery("known"), StepResult())
    for number in range(3):
        change = delivery(f"more-{number}")
        result = log.answered(change)
        assert (reason(result), log.answered(delivery("known"))) == ("too_many_changes", StepResult())
        log = log.record(change, result or StepResult())
    assert len(log.entries) == MAX_CHANGES + 2, "and of the refusals the last"


@pytest.mark.parametrize(
    ("result", "state", "code"),
    [(StepResult(), ChangeState.DONE, None), (REFUSED, ChangeState.REFUSED, "below_zero")],
)
def test_what_became_of_a_change_is_known_by_its_id(result: StepResult, state: ChangeState, code: str | None):
    change = delivery()
    before = ChangeLog().status(change.change_id, NOW)
    assert before is not None
    assert (before.state, before.accepted_at) == (ChangeState.PENDING, NOW)
    after = ChangeLog().record(change, result).status(change.change_id, NOW)
    assert after is not None
    assert (after.state, after.reason_code, after.message) == (state, code, result.message)


def test_the_second_of_two_changes_under_one_key_is_refused():
    first, second = delivery(quantity=1), delivery(quantity=2)
    log = ChangeLog().record(first, StepResult())
    result = log.answered(second)
    assert result is not None
    status = log.record(second, result).status(second.change_id, NOW)
    assert status is not None
    assert (status.state, status.reason_code) == (ChangeState.REFUSED, "key_reused")


@pytest.mark.parametrize("now", [NOW + KEY_RETENTION, NOW - timedelta(hours=1)])
def test_an_id_of_another_time_is_unknown(now: datetime):
    assert ChangeLog().status(delivery().change_id, now) is None


def test_a_repeat_after_a_refusal_is_answered_with_it():
    log = ChangeLog().record(delivery(), REFUSED)
    again = log.answered(delivery(at=NOW + A_SECOND))
    assert again is not None
    assert (again.outcome, again.reason_code) == (Outcome.REFUSED, "below_zero")


def test_the_newest_changes_alone_are_remembered_with_what_people_are_shown_of_them():
    log = ChangeLog()
    for number in range(MAX_NOTES + 1):
        change = AdjustRequest(key=f"k-{number}", requested_at=NOW, delta=-number, reason="lost")
        log = log.record(change, StepResult())
    notes = [entry.get("note") for entry in log.entries.values()]
    assert (len(notes), notes[0], notes[1]) == (MAX_NOTES + 1, None, {"units": -1, "reason": "lost"})
    assert ChangeLog(log.to_state()).answered(change) == StepResult()
