"""The order repository on the real storage emulator: taken in once, never moved back, found again."""

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.order_repository import OrderRepository
from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER
from domain.orders.listing import OrderFilter
from domain.orders.order import ENDED, MAX_ORDER_LINES, TRANSITIONS, OrderStatus
from domain.orders.run import settling
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import Course, RunEnd
from domain.workflows.intake import Intake
from domain.workflows.records import SettleCourse
from domain.workflows.run import CloseRun
from domain.workflows.steps import LedgerEntry, Outcome
from settings import StorageLocation
from tests.integration.adapters.examples import ORDER
from tests.integration.adapters.losing import losing_way
from tests.integration.adapters.orders import ledger, line, order, progress
from tests.support.orders import NOON

LIVE = sorted(set(OrderStatus) - ENDED)


@pytest.fixture
def repository(storage: Storage) -> OrderRepository:
    return OrderRepository(storage)


def every_id(repository: OrderRepository, *, limit: int = 50, **query: Any) -> list[str]:
    """Return the ids on all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        page = repository.list(OrderFilter(**query), cursor=cursor, limit=limit)
        ids += [row.order_id for row in page.items]
        cursor = page.cursor
        if cursor is None:
            return ids


def test_an_accepted_order_is_kept_as_it_came(repository: OrderRepository) -> None:
    assert repository.accept(order(), "print") is Intake.NEW
    row = repository.get(ORDER)
    assert row is not None
    assert (row.order, row.status, row.fingerprint) == (order(), OrderStatus.ACCEPTED, "print")
    assert (row.customer_id, row.total_cents, row.currency, row.placed_at) == ("ada", 2_000, "usd", NOON)
    assert row.result is None


def test_the_same_order_again_is_a_repeat(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    assert repository.accept(order(placed_at=NOON + timedelta(hours=1)), "print") is Intake.REPEATED
    row = repository.get(ORDER)
    assert row is not None
    assert row.placed_at == NOON, "what was entered first stays"


@pytest.mark.parametrize("taken", ["Order-A1", "order-a1"])
def test_an_id_that_differs_in_case_only_is_taken(repository: OrderRepository, taken: str) -> None:
    """People, and the payment provider's search, would take the two for one order."""
    assert repository.accept(order(taken), "print") is Intake.NEW
    for spelling in {"Order-A1", "ORDER-A1", "order-a1"} - {taken}:
        assert repository.accept(order(spelling), "print") is Intake.CONFLICT
        assert repository.get(spelling) is None
    assert repository.accept(order(taken), "print") is Intake.REPEATED
    assert every_id(repository) == [taken]
    assert open_ids(repository) == [taken]


def test_another_order_under_the_same_id_is_a_conflict(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    assert repository.accept(order(customer_id="bob"), "other print") is Intake.CONFLICT
    row = repository.get(ORDER)
    assert row is not None
    assert row.customer_id == "ada"


def test_of_many_at_once_exactly_one_is_accepted(repository: OrderRepository) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: repository.accept(order(), "print"), range(16)))
    assert sum(answer is Intake.NEW for answer in answers) == 1
    assert sum(answer is Intake.REPEATED for answer in answers) == 15


def test_an_order_whose_entry_was_not_answered_is_still_the_callers_to_start(storage_connection: str) -> None:
    [tables] = re.findall("TableEndpoint=([^;]+)", storage_connection)
    with losing_way(tables) as way:
        detour = storage_connection.replace(tables, way.url)
        repository = OrderRepository(Storage(StorageLocation(connection_string=detour)))
        repository.accept(order("order-0"), "print")
        way.lose_next = "POST"
        assert repository.accept(order(), "print") is Intake.NEW
        assert way.lost == 1
        assert repository.accept(order(), "print") is Intake.REPEATED


def test_other_orders_are_not_in_the_repository(repository: OrderRepository) -> None:
    assert repository.get(ORDER) is None
    repository.accept(order(), "print")
    assert repository.get("order-2") is None


def test_an_order_of_the_most_lines_and_longest_texts_fits(repository: OrderRepository) -> None:
    largest = order(lines=tuple(line(f"{number:064}") for number in range(MAX_ORDER_LINES)))
    repository.accept(largest, "print")
    recorded = progress(OrderStatus.COMPLETED, succeeded=True, steps=ledger(60, "😀" * 500))
    repository.record(recorded)
    row = repository.get(ORDER)
    assert row is not None
    assert (row.order, row.result) == (largest, recorded)


def test_a_shorter_result_replaces_a_longer_one_whole(repository: OrderRepository) -> None:
    repository.record(progress(OrderStatus.RESERVED, steps=ledger(1, "x" * 500) * 100))
    recorded = progress(OrderStatus.COMPLETED, succeeded=True)
    repository.record(recorded)
    row = repository.get(ORDER)
    assert row is not None
    assert row.result == recorded


@pytest.mark.parametrize(("known", "recorded"), list(product(LIVE, LIVE)))
def test_a_running_order_moves_forward_and_never_back(
    repository: OrderRepository, known: OrderStatus, recorded: OrderStatus
) -> None:
    repository.record(progress(known))
    repository.record(progress(recorded))
    row = repository.get(ORDER)
    assert row is not None
    assert row.status == max(known, recorded, key=list(OrderStatus).index)
    assert row.result == progress(row.status)


@pytest.mark.parametrize(("known", "recorded"), list(product(sorted(ENDED), OrderStatus)))
def test_an_ended_order_moves_only_when_it_needed_attention(
    repository: OrderRepository, known: OrderStatus, recorded: OrderStatus
) -> None:
    repository.record(progress(known))
    repository.record(progress(recorded))
    row = repository.get(ORDER)
    assert row is not None
    assert row.status == (recorded if recorded in TRANSITIONS[known] else known)


def test_an_end_can_be_recorded_without_what_came_before(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    repository.record(progress(OrderStatus.COMPLETED, succeeded=True))
    row = repository.get(ORDER)
    assert row is not None
    assert (row.status, row.order) == (OrderStatus.COMPLETED, order())


def test_a_late_message_with_a_shorter_ledger_changes_nothing(repository: OrderRepository) -> None:
    newest = progress(OrderStatus.AWAITING_APPROVAL, steps=ledger(3))
    repository.record(newest)
    repository.record(progress(OrderStatus.AWAITING_APPROVAL, steps=ledger(2)))
    row = repository.get(ORDER)
    assert row is not None
    assert row.result == newest


@pytest.mark.parametrize("end", sorted(ENDED))
def test_late_progress_changes_no_end(repository: OrderRepository, end: OrderStatus) -> None:
    repository.accept(order(), "print")
    repository.record(progress(end, steps=ledger(2)))
    for status in LIVE:
        repository.record_under_way(progress(status, steps=ledger(9)))
    row = repository.get(ORDER)
    assert row is not None
    assert (row.status, row.result) == (end, progress(end, steps=ledger(2)))


def test_late_progress_changes_nothing_past_the_point_of_no_return(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    repository.settle_course(course("completed"))
    before = repository.get(ORDER)
    repository.record_under_way(progress(OrderStatus.SHIPPING_BOOKED, steps=ledger(9)))
    assert repository.get(ORDER) == before


def test_progress_of_an_order_past_the_repository_makes_no_row(repository: OrderRepository) -> None:
    repository.record_under_way(progress(OrderStatus.RESERVED))
    assert repository.get(ORDER) is None


def test_an_order_started_without_a_row_is_recorded_too(repository: OrderRepository) -> None:
    repository.record(progress(OrderStatus.COMPLETED, succeeded=True))
    row = repository.get(ORDER)
    assert row is not None
    assert (row.status, row.order, row.placed_at) == (OrderStatus.COMPLETED, None, None)
    assert repository.accept(order(), "print") is Intake.CONFLICT, "its id is taken"


def test_of_many_records_at_once_the_furthest_stays(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    steps = [OrderStatus.RESERVED, OrderStatus.AUTHORISED, OrderStatus.SHIPPING_BOOKED, OrderStatus.COMPLETED]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda status: repository.record(progress(status)), steps))
    row = repository.get(ORDER)
    assert row is not None
    assert row.status is OrderStatus.COMPLETED


def test_closing_ends_an_order_that_needs_attention(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    repository.record(progress(OrderStatus.NEEDS_ATTENTION, succeeded=False, reason_code="no_answer", steps=ledger(2)))
    entry = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOON)
    closing = CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry)
    assert repository.close(closing).status == OrderStatus.FAILED
    assert repository.close(closing).status == OrderStatus.FAILED
    row = repository.get(ORDER)
    assert row is not None
    assert row.result is not None
    assert row.status is row.result.status == OrderStatus.FAILED
    assert row.result.steps == (*ledger(2), entry), "a repeat adds no second line"
    assert row.result.reason_code == "no_answer"


def test_an_order_ends_with_the_last_of_its_open_compensations(repository: OrderRepository) -> None:
    failed = tuple(
        LedgerEntry(step=step, kind="compensation", outcome=Outcome.UNKNOWN, at=NOON)
        for step in ("cancel_shipping", "cancel_payment")
    )
    repository.record(progress(OrderStatus.NEEDS_ATTENTION, succeeded=False, steps=failed))
    statuses = []
    for step in ("cancel_shipping", "cancel_shipping", "cancel_payment"):
        entry = LedgerEntry(step=step, kind="compensation", outcome=Outcome.DONE, at=NOON)
        statuses.append(repository.close(CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry)).status)
    assert statuses == ["needs_attention", "needs_attention", "failed"]
    row = repository.get(ORDER)
    assert row is not None
    assert row.result is not None
    assert [entry.step for entry in row.result.steps[2:]] == ["cancel_shipping", "cancel_payment"]


def test_an_order_without_a_recorded_end_is_not_closed_yet(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    entry = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOON)
    with pytest.raises(StorageUnavailable, match="not recorded yet"):
        repository.close(CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry))


@pytest.mark.parametrize("status", [OrderStatus.COMPLETED, OrderStatus.CANCELLED])
def test_closing_leaves_every_other_order_alone(repository: OrderRepository, status: OrderStatus) -> None:
    repository.record(progress(status))
    entry = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOON)
    assert repository.close(CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry)).status == status
    assert repository.close(CloseRun(workflow=PROCESS_ORDER, key="order-2", end="failed", entry=entry)) is None
    row = repository.get(ORDER)
    assert row is not None
    assert row.result == progress(status)


def test_orders_without_a_recorded_end_are_found(repository: OrderRepository) -> None:
    for number in range(3):
        repository.accept(order(f"order-{number}", placed_at=NOON + timedelta(hours=number)), "print")
    repository.record(progress(OrderStatus.AWAITING_APPROVAL, "order-0"))
    repository.record(progress(OrderStatus.REJECTED, "order-1"))  # what follows its end is not done yet
    assert sorted(open_ids(repository)) == ["order-0", "order-1"]


def open_ids(repository: OrderRepository) -> list[str]:
    return [reminder.key for reminder in repository.intake.open_runs(NOON + timedelta(hours=2))]


def test_a_try_is_counted_once_and_only_while_the_order_is_open(repository: OrderRepository) -> None:
    repository.accept(order("order-1"), "print")
    (first,) = repository.intake.open_runs(NOON + timedelta(hours=2))
    assert (first.tries, first.tried_at) == (0, None)
    assert [repository.intake.record_try(first, 1, NOON) for _ in range(2)] == [True, False], (
        "another process was faster"
    )
    (second,) = repository.intake.open_runs(NOON + timedelta(hours=2))
    assert (second.tries, second.tried_at) == (1, NOON)
    repository.intake.forget("order-1")
    assert not repository.intake.record_try(second, 2, NOON)


def course(end: RunEnd) -> SettleCourse:
    return settling(Course(end=end, reason_code=end), progress(OrderStatus.SHIPPING_BOOKED))


@pytest.mark.parametrize(
    ("first", "second"),
    [("completed", "failed"), ("cancelled", "completed")],
)
def test_the_first_course_of_an_order_holds(repository: OrderRepository, first: RunEnd, second: RunEnd) -> None:
    repository.accept(order(), "print")
    assert [repository.settle_course(course(end)).course.end for end in (first, second)] == [first, first]
    row = repository.get(ORDER)
    assert row is not None
    assert (row.status, row.course and row.course.end) == (OrderStatus.SHIPPING_BOOKED, first)


def test_a_course_is_not_recorded_on_a_row_that_changed_since_it_was_read(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    before = repository.before_capture(ORDER)
    repository.settle_course(course("failed"))
    assert repository.settle_course(course("completed"), before).course.end == "failed"


def test_an_order_started_without_a_row_gets_the_status_that_it_wants(repository: OrderRepository) -> None:
    assert repository.settle_course(course("failed")).course.end == "failed"
    assert repository.get(ORDER) is None


def test_a_cancellation_is_kept_until_the_order_is_past_it(repository: OrderRepository) -> None:
    wish = CancellationRequest(requested_by="ada")
    assert repository.request_cancellation(ORDER, wish) is None, "there is no such order"
    repository.accept(order(), "print")
    repository.accept(order("order-2"), "print")
    kept = [repository.request_cancellation(ORDER, CancellationRequest(requested_by=each)) for each in ("ada", "eve")]
    assert [row and row.cancellation for row in kept] == [wish, wish]
    repository.settle_course(course(OrderStatus.COMPLETED))
    assert repository.request_cancellation(ORDER, wish) is not None, "asked again, it is answered again"
    repository.record(progress(OrderStatus.COMPLETED, "order-2"))
    late = repository.request_cancellation("order-2", wish)
    assert late is not None
    assert late.cancellation is None


def test_a_cancellation_that_came_too_late_is_answered_in_the_ledger(repository: OrderRepository) -> None:
    repository.accept(order(), "print")
    repository.request_cancellation(ORDER, CancellationRequest(requested_by="ada"))
    repository.record(progress(OrderStatus.COMPLETED, succeeded=True))
    row = repository.get(ORDER)
    assert row is not None
    assert row.result is not None
    assert [(step.step, step.reason_code) for step in row.result.steps] == [("cancellation", "too_late")]


def test_an_order_that_needs_no_check_is_no_longer_listed_and_stays_in_the_repository(
    repository: OrderRepository,
) -> None:
    repository.accept(order("order-1"), "print")
    for _ in range(2):
        repository.intake.forget("order-1")
    assert open_ids(repository) == []
    assert repository.get("order-1") is not None
