"""The run repository on the real storage emulator: each run entered once, found until it has ended."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.run_repository import RunRepository
from domain.ids import instance_id_of
from domain.workflows.intake import Intake
from domain.workflows.run import Run, WorkflowProgress
from tests.support.orders import NOON

LATER = NOON + timedelta(minutes=1)
ID = instance_id_of("report", "r-1")


@pytest.fixture
def book(storage: Storage) -> RunRepository:
    return RunRepository(storage)


def run(key: str = "r-1", **changes: Any) -> Run:
    return Run(**{"workflow": "report", "key": key, "request": {"key": key}, "accepted_at": NOON, **changes})


def test_a_new_run_is_its_callers_to_start(book: RunRepository):
    assert book.accept(run(), "print") is Intake.NEW
    assert open_ids(book, LATER) == [ID]
    assert book.open_run(ID) == run()


def open_ids(book: RunRepository, before: datetime) -> list[str]:
    return [reminder.key for reminder in book.open_runs(before)]


def test_the_same_request_again_is_a_repeat_and_another_one_a_conflict(book: RunRepository):
    book.accept(run(), "print")
    assert book.accept(run(accepted_at=LATER), "print") is Intake.REPEATED
    assert book.accept(run(request={"other": True}), "other print") is Intake.CONFLICT
    assert book.open_run(ID) == run(), "what was entered first stays"


def test_two_workflows_may_use_one_key(book: RunRepository):
    book.accept(run(), "print")
    assert book.accept(run(workflow="file_batch"), "other print") is Intake.NEW


def test_of_many_callers_at_once_one_starts(book: RunRepository):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: book.accept(run(), "print"), range(16)))
    assert sorted(answers) == [Intake.NEW, *[Intake.REPEATED] * 15]


def test_a_run_is_open_until_it_has_ended(book: RunRepository):
    book.accept(run(), "print")
    book.mark_started(ID)
    started = book.open_run(ID)
    assert started is not None
    assert started.has_started
    for _ in range(2):
        book.forget(ID)
    assert open_ids(book, LATER) == []
    assert book.open_run(ID) is None
    assert book.accept(run(), "print") is Intake.REPEATED, "it keeps its key"
    book.mark_started(ID)  # from a start that was slower than the run
    assert book.open_run(ID) is None


def test_a_cancellation_is_kept_while_the_run_is_open(book: RunRepository):
    book.accept(run(), "print")
    assert book.request_cancellation(ID)
    kept = book.open_run(ID)
    assert kept is not None
    assert kept.is_cancelled
    book.forget(ID)
    assert not book.request_cancellation(ID)


def test_an_end_that_no_instance_tells_is_kept_until_the_run_is_started_again(book: RunRepository):
    book.accept(run(), "print")
    end = WorkflowProgress(id="r-1", status="failed", succeeded=False, message="Processing stopped before the end.")
    assert book.end(ID) is None
    book.record_end(ID, end)
    book.forget(ID)
    assert book.end(ID) == end
    for _ in range(2):
        book.reopen(run())
    assert book.end(ID) is None
    assert book.open_run(ID) == run()


def test_a_run_whose_start_may_be_under_way_is_left_alone(book: RunRepository):
    book.accept(run(), "print")
    assert open_ids(book, NOON) == []


def test_an_empty_book_knows_nothing(book: RunRepository):
    assert book.open_run(ID) is None
    assert open_ids(book, LATER) == []
    assert book.end(ID) is None


def test_a_long_request_is_kept_whole(book: RunRepository):
    long = run(request={"text": "ü" * 70_000})
    book.accept(long, "print")
    assert book.open_run(ID) == long
