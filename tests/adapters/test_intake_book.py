"""The intake book on the real storage emulator: each run entered once, found until it is started."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from adapters.intake import Intake
from adapters.intake_book import IntakeBook, Run
from adapters.storage import Storage
from domain.workflow import workflow_instance_id
from tests.support.orders import NOON

LATER = NOON + timedelta(minutes=1)
ID = workflow_instance_id("report", "r-1")


@pytest.fixture
def book(storage: Storage) -> IntakeBook:
    return IntakeBook(storage)


def run(key: str = "r-1", **changes: Any) -> Run:
    return Run(**{"workflow": "report", "key": key, "request": {"key": key}, "accepted_at": NOON, **changes})


def test_a_new_run_is_its_callers_to_start(book: IntakeBook):
    assert book.accept(run(), "print") is Intake.NEW
    assert book.awaits_start("report", "r-1")
    assert book.unstarted(LATER) == [ID]
    assert book.unstarted_run(ID) == run()


def test_the_same_request_again_is_a_repeat_and_another_one_a_conflict(book: IntakeBook):
    book.accept(run(), "print")
    assert book.accept(run(accepted_at=LATER), "print") is Intake.REPEATED
    assert book.accept(run(request={"other": True}), "other print") is Intake.CONFLICT
    assert book.unstarted_run(ID) == run(), "what was entered first stays"


def test_two_workflows_may_use_one_key(book: IntakeBook):
    book.accept(run(), "print")
    assert book.accept(run(workflow="file_batch"), "other print") is Intake.NEW


def test_of_many_callers_at_once_one_starts(book: IntakeBook):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: book.accept(run(), "print"), range(16)))
    assert sorted(answers) == [Intake.NEW, *[Intake.REPEATED] * 15]


def test_a_started_run_is_looked_for_no_more(book: IntakeBook):
    book.accept(run(), "print")
    book.mark_started("report", "r-1")
    assert not book.awaits_start("report", "r-1")
    assert book.unstarted(LATER) == []
    assert book.unstarted_run(ID) is None
    assert book.accept(run(), "print") is Intake.REPEATED, "it keeps its key"


def test_a_run_whose_start_may_be_under_way_is_left_alone(book: IntakeBook):
    book.accept(run(), "print")
    assert book.unstarted(NOON) == []


def test_an_empty_book_knows_nothing(book: IntakeBook):
    assert not book.awaits_start("report", "r-1")
    assert book.unstarted(LATER) == []


def test_a_long_request_is_kept_whole(book: IntakeBook):
    long = run(request={"text": "ü" * 70_000})
    book.accept(long, "print")
    assert book.unstarted_run(ID) == long
