"""The run repository on the real storage emulator: each run entered once, found until it has ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.run_repository import RunRepository
from domain.errors import EndNotKnown
from domain.ids import instance_id_of
from domain.workflows.course import Course, RunEnd
from domain.workflows.intake import Intake
from domain.workflows.records import RecordRun, SettleCourse
from domain.workflows.run import CloseRun, Run, WorkflowProgress
from domain.workflows.steps import LedgerEntry, Outcome
from tests.support.orders import NOON

LATER = NOON + timedelta(minutes=1)
ID = instance_id_of("report", "r-1")


@pytest.fixture
def repository(storage: Storage) -> RunRepository:
    return RunRepository(storage)


def record(end: WorkflowProgress) -> RecordRun:
    return RecordRun(workflow="report", key="r-1", progress=end.to_wire())


def settling(end: RunEnd) -> SettleCourse:
    return SettleCourse(workflow="report", key="r-1", course=Course(end=end))


def run(key: str = "r-1", **changes: Any) -> Run:
    return Run(**{"workflow": "report", "key": key, "request": {"key": key}, "accepted_at": NOON, **changes})


def test_a_new_run_is_its_callers_to_start(repository: RunRepository):
    assert repository.accept(run(), "print") is Intake.NEW
    assert open_ids(repository, LATER) == [ID]
    assert repository.intake.open_run(ID) == run()


def open_ids(repository: RunRepository, before: datetime) -> list[str]:
    return [reminder.key for reminder in repository.intake.open_runs(before)]


def test_the_same_request_again_is_a_repeat_and_another_one_a_conflict(repository: RunRepository):
    repository.accept(run(), "print")
    assert repository.accept(run(accepted_at=LATER), "print") is Intake.REPEATED
    assert repository.accept(run(request={"other": True}), "other print") is Intake.CONFLICT
    assert repository.intake.open_run(ID) == run(), "what was entered first stays"


def test_runs_are_listed_by_state_and_workflow_page_by_page(repository: RunRepository):
    for workflow, key in (
        ("report", "r-1"),
        ("report", "r-2"),
        ("report", "r-3"),
        ("report_x", "r-1"),
        ("batch", "b-1"),
    ):
        repository.accept(run(key, workflow=workflow), "print")
    for instance_id in ("report.r-1", "report.r-3", "batch.b-1"):
        repository.intake.forget(instance_id)
    repository.record_progress(record(WorkflowProgress(id="r-1", status="cancelled", message="Stopped.")))
    assert [each.instance_id for each in repository.list_open().items] == ["report.r-2", "report_x.r-1"]
    assert [each.instance_id for each in repository.list_open(workflow="report").items] == ["report.r-2"]
    assert [each.instance_id for each in repository.list_ended().items] == ["batch.b-1", "report.r-1", "report.r-3"]
    first = repository.list_ended(workflow="report", limit=2)
    second = repository.list_ended(workflow="report", limit=2, cursor=first.cursor)
    assert [each.instance_id for each in [*first.items, *second.items]] == ["report.r-1", "report.r-3"]
    assert (second.cursor, first.items[0].end and first.items[0].end.status) == (None, "cancelled")


def test_two_workflows_may_use_one_key(repository: RunRepository):
    repository.accept(run(), "print")
    assert repository.accept(run(workflow="file_batch"), "other print") is Intake.NEW


def test_of_many_callers_at_once_one_starts(repository: RunRepository):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: repository.accept(run(), "print"), range(16)))
    assert sorted(answers) == [Intake.NEW, *[Intake.REPEATED] * 15]


def test_a_run_is_open_until_it_has_ended(repository: RunRepository):
    repository.accept(run(), "print")
    repository.intake.mark_started(ID)
    started = repository.intake.open_run(ID)
    assert started is not None
    assert started.has_started
    for _ in range(2):
        repository.intake.forget(ID)
    assert open_ids(repository, LATER) == []
    assert repository.intake.open_run(ID) is None
    assert repository.accept(run(), "print") is Intake.REPEATED, "it keeps its key"
    repository.intake.mark_started(ID)  # from a start that was slower than the run
    assert repository.intake.open_run(ID) is None


def test_a_cancellation_is_kept_while_the_run_is_open(repository: RunRepository):
    repository.accept(run(), "print")
    assert repository.intake.request_cancellation(ID)
    kept = repository.intake.open_run(ID)
    assert kept is not None
    assert kept.is_cancelled
    repository.intake.forget(ID)
    assert not repository.intake.request_cancellation(ID)


def test_an_end_set_without_an_instance_is_kept_until_the_run_is_started_again(repository: RunRepository):
    repository.accept(run(), "print")
    end = WorkflowProgress(id="r-1", status="failed", succeeded=False, message="Processing stopped before the end.")
    assert repository.end(ID) is None
    repository.record_progress(record(end))
    repository.intake.forget(ID)
    assert repository.end(ID) == end
    for _ in range(2):
        repository.reopen(run())
    assert repository.end(ID) is None
    assert repository.intake.open_run(ID) == run()


def test_a_run_whose_start_may_be_under_way_is_left_alone(repository: RunRepository):
    repository.accept(run(), "print")
    assert open_ids(repository, NOON) == []


def test_an_empty_repository_finds_no_run(repository: RunRepository):
    assert repository.intake.open_run(ID) is None
    assert open_ids(repository, LATER) == []
    assert repository.end(ID) is None


def test_a_long_request_is_kept_whole(repository: RunRepository):
    long = run(request={"text": "ü" * 70_000})
    repository.accept(long, "print")
    assert repository.intake.open_run(ID) == long


def ended(*steps: LedgerEntry) -> WorkflowProgress:
    return WorkflowProgress(id="r-1", status="needs_attention", succeeded=False, message="Open.", steps=steps)


def compensated(step: str, outcome: Outcome = Outcome.UNKNOWN) -> LedgerEntry:
    return LedgerEntry(step=step, kind="compensation", outcome=outcome, at=NOON)


def closing(step: str) -> CloseRun:
    return CloseRun(workflow=run().workflow, key=run().key, end="rejected", entry=compensated(step, Outcome.DONE))


def test_the_first_course_of_a_run_holds(repository: RunRepository):
    assert repository.settle_course(settling("failed")).course.end == "failed", "a run past the repository has no row"
    repository.accept(run(), "print")
    assert repository.course(ID) is None
    assert [repository.settle_course(settling(end)).course.end for end in ("rejected", "failed")] == [
        "rejected",
        "rejected",
    ]
    assert repository.course(ID) == Course(end="rejected")


def test_a_run_ends_with_the_last_of_its_open_compensations(repository: RunRepository):
    repository.accept(run(), "print")
    with pytest.raises(EndNotKnown):
        repository.close(closing("a"))
    repository.record_progress(record(ended(compensated("a"), compensated("b"))))
    statuses = []
    for step in ("a", "a", "b", "b"):
        repository.close(closing(step))
        now = repository.end(ID)
        assert now is not None
        statuses.append((now.status, len(now.steps)))
    assert statuses == [("needs_attention", 3), ("needs_attention", 3), ("rejected", 4), ("rejected", 4)]
    repository.record_progress(record(ended(compensated("a"), compensated("b"))))
    assert repository.end(ID) == now, "an activity that is run twice reopens nothing"


def test_a_run_that_is_started_again_is_not_closed_by_what_was_open_before(repository: RunRepository):
    repository.accept(run(), "print")
    repository.record_progress(record(ended(compensated("a"))))
    repository.reopen(run())
    repository.close(closing("a"))
    assert repository.end(ID) is None


def test_a_reopened_run_is_not_forgotten_by_what_gave_it_up(repository: RunRepository):
    repository.accept(run(), "print")
    repository.record_progress(record(ended(compensated("a"))))
    repository.forget_given_up(run())
    assert open_ids(repository, LATER) == []
    repository.reopen(run())
    repository.forget_given_up(run())
    assert open_ids(repository, LATER) == [ID]


def test_that_a_run_stands_still_is_kept_with_its_reminder(repository: RunRepository):
    repository.accept(run(), "print")
    repository.intake.record_quiet(ID, NOON, LATER)
    (reminder,) = repository.intake.open_runs(LATER + timedelta(minutes=1))
    assert (reminder.quiet_since, reminder.noticed_at) == (NOON, LATER)
