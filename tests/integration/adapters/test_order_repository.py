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
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
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
def book(storage: Storage) -> OrderRepository:
    return OrderRepository(storage)


def every_id(book: OrderRepository, *, limit: int = 50, **query: Any) -> list[str]:
    """Return the ids on all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        page = book.list(OrderFilter(**query), cursor=cursor, limit=limit)
        ids += [row.order_id for row in page.items]
        cursor = page.cursor
        if cursor is None:
            return ids


def test_an_accepted_order_is_kept_as_it_came(book: OrderRepository) -> None:
    assert book.accept(order(), "print") is Intake.NEW
    row = book.get(ORDER)
    assert row is not None
    assert (row.order, row.status, row.fingerprint) == (order(), OrderStatus.ACCEPTED, "print")
    assert (row.customer_id, row.total_cents, row.currency, row.placed_at) == ("ada", 2_000, "usd", NOON)
    assert row.result is None


def test_the_same_order_again_is_a_repeat(book: OrderRepository) -> None:
    book.accept(order(), "print")
    assert book.accept(order(placed_at=NOON + timedelta(hours=1)), "print") is Intake.REPEATED
    row = book.get(ORDER)
    assert row is not None
    assert row.placed_at == NOON, "what was entered first stays"


@pytest.mark.parametrize("taken", ["Order-A1", "order-a1"])
def test_an_id_that_differs_in_case_only_is_taken(book: OrderRepository, taken: str) -> None:
    """People, and the payment provider's search, would take the two for one order."""
    assert book.accept(order(taken), "print") is Intake.NEW
    for spelling in {"Order-A1", "ORDER-A1", "order-a1"} - {taken}:
        assert book.accept(order(spelling), "print") is Intake.CONFLICT
        assert book.get(spelling) is None
    assert book.accept(order(taken), "print") is Intake.REPEATED
    assert every_id(book) == [taken]
    assert open_ids(book) == [taken]


def test_another_order_under_the_same_id_is_a_conflict(book: OrderRepository) -> None:
    book.accept(order(), "print")
    assert book.accept(order(customer_id="bob"), "other print") is Intake.CONFLICT
    row = book.get(ORDER)
    assert row is not None
    assert row.customer_id == "ada"


def test_of_many_at_once_exactly_one_is_accepted(book: OrderRepository) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: book.accept(order(), "print"), range(16)))
    assert sum(answer is Intake.NEW for answer in answers) == 1
    assert sum(answer is Intake.REPEATED for answer in answers) == 15


def test_an_order_whose_entry_was_not_answered_is_still_the_callers_to_start(storage_connection: str) -> None:
    [tables] = re.findall("TableEndpoint=([^;]+)", storage_connection)
    with losing_way(tables) as way:
        detour = storage_connection.replace(tables, way.url)
        book = OrderRepository(Storage(StorageLocation(connection_string=detour)))
        book.accept(order("order-0"), "print")
        way.lose_next = "POST"
        assert book.accept(order(), "print") is Intake.NEW
        assert way.lost == 1
        assert book.accept(order(), "print") is Intake.REPEATED


def test_other_orders_are_not_in_the_repository(book: OrderRepository) -> None:
    assert book.get(ORDER) is None
    book.accept(order(), "print")
    assert book.get("order-2") is None


def test_an_order_of_the_most_lines_and_longest_texts_fits(book: OrderRepository) -> None:
    largest = order(lines=tuple(line(f"{number:064}") for number in range(MAX_ORDER_LINES)))
    book.accept(largest, "print")
    recorded = progress(OrderStatus.COMPLETED, succeeded=True, steps=ledger(60, "😀" * 500))
    book.record(recorded)
    row = book.get(ORDER)
    assert row is not None
    assert (row.order, row.result) == (largest, recorded)


def test_a_shorter_result_replaces_a_longer_one_whole(book: OrderRepository) -> None:
    book.record(progress(OrderStatus.RESERVED, steps=ledger(1, "x" * 500) * 100))
    recorded = progress(OrderStatus.COMPLETED, succeeded=True)
    book.record(recorded)
    row = book.get(ORDER)
    assert row is not None
    assert row.result == recorded


@pytest.mark.parametrize(("known", "recorded"), list(product(LIVE, LIVE)))
def test_a_running_order_moves_forward_and_never_back(
    book: OrderRepository, known: OrderStatus, recorded: OrderStatus
) -> None:
    book.record(progress(known))
    book.record(progress(recorded))
    row = book.get(ORDER)
    assert row is not None
    assert row.status == max(known, recorded, key=list(OrderStatus).index)
    assert row.result == progress(row.status)


@pytest.mark.parametrize(("known", "recorded"), list(product(sorted(ENDED), OrderStatus)))
def test_an_ended_order_moves_only_when_it_needed_attention(
    book: OrderRepository, known: OrderStatus, recorded: OrderStatus
) -> None:
    book.record(progress(known))
    book.record(progress(recorded))
    row = book.get(ORDER)
    assert row is not None
    assert row.status == (recorded if recorded in TRANSITIONS[known] else known)


def test_an_end_can_be_recorded_without_what_came_before(book: OrderRepository) -> None:
    book.accept(order(), "print")
    book.record(progress(OrderStatus.COMPLETED, succeeded=True))
    row = book.get(ORDER)
    assert row is not None
    assert (row.status, row.order) == (OrderStatus.COMPLETED, order())


def test_a_late_message_with_a_shorter_ledger_changes_nothing(book: OrderRepository) -> None:
    newest = progress(OrderStatus.AWAITING_APPROVAL, steps=ledger(3))
    book.record(newest)
    book.record(progress(OrderStatus.AWAITING_APPROVAL, steps=ledger(2)))
    row = book.get(ORDER)
    assert row is not None
    assert row.result == newest


@pytest.mark.parametrize("end", sorted(ENDED))
def test_late_progress_changes_no_end(book: OrderRepository, end: OrderStatus) -> None:
    book.accept(order(), "print")
    book.record(progress(end, steps=ledger(2)))
    for status in LIVE:
        book.record_under_way(progress(status, steps=ledger(9)))
    row = book.get(ORDER)
    assert row is not None
    assert (row.status, row.result) == (end, progress(end, steps=ledger(2)))


def test_late_progress_changes_nothing_past_the_point_of_no_return(book: OrderRepository) -> None:
    book.accept(order(), "print")
    book.settle_course(course("completed"))
    before = book.get(ORDER)
    book.record_under_way(progress(OrderStatus.SHIPPING_BOOKED, steps=ledger(9)))
    assert book.get(ORDER) == before


def test_progress_of_an_order_past_the_repository_makes_no_row(book: OrderRepository) -> None:
    book.record_under_way(progress(OrderStatus.RESERVED))
    assert book.get(ORDER) is None


def test_an_order_started_without_a_row_is_recorded_too(book: OrderRepository) -> None:
    book.record(progress(OrderStatus.COMPLETED, succeeded=True))
    row = book.get(ORDER)
    assert row is not None
    assert (row.status, row.order, row.placed_at) == (OrderStatus.COMPLETED, None, None)
    assert book.accept(order(), "print") is Intake.CONFLICT, "its id is taken"


def test_of_many_records_at_once_the_furthest_stays(book: OrderRepository) -> None:
    book.accept(order(), "print")
    steps = [OrderStatus.RESERVED, OrderStatus.AUTHORISED, OrderStatus.SHIPPING_BOOKED, OrderStatus.COMPLETED]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda status: book.record(progress(status)), steps))
    row = book.get(ORDER)
    assert row is not None
    assert row.status is OrderStatus.COMPLETED


def test_closing_ends_an_order_that_needs_attention(book: OrderRepository) -> None:
    book.accept(order(), "print")
    book.record(progress(OrderStatus.NEEDS_ATTENTION, succeeded=False, reason_code="no_answer", steps=ledger(2)))
    entry = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOON)
    closing = CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry)
    assert book.close(closing).status == OrderStatus.FAILED
    assert book.close(closing).status == OrderStatus.FAILED
    row = book.get(ORDER)
    assert row is not None
    assert row.result is not None
    assert row.status is row.result.status == OrderStatus.FAILED
    assert row.result.steps == (*ledger(2), entry), "a repeat adds no second line"
    assert row.result.reason_code == "no_answer"


def test_an_order_ends_with_the_last_of_its_open_compensations(book: OrderRepository) -> None:
    failed = tuple(
        LedgerEntry(step=step, kind="compensation", outcome=Outcome.UNKNOWN, at=NOON)
        for step in ("cancel_shipping", "cancel_payment")
    )
    book.record(progress(OrderStatus.NEEDS_ATTENTION, succeeded=False, steps=failed))
    statuses = []
    for step in ("cancel_shipping", "cancel_shipping", "cancel_payment"):
        entry = LedgerEntry(step=step, kind="compensation", outcome=Outcome.DONE, at=NOON)
        statuses.append(book.close(CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry)).status)
    assert statuses == ["needs_attention", "needs_attention", "failed"]
    row = book.get(ORDER)
    assert row is not None
    assert row.result is not None
    assert [entry.step for entry in row.result.steps[2:]] == ["cancel_shipping", "cancel_payment"]


def test_an_order_without_a_recorded_end_is_not_closed_yet(book: OrderRepository) -> None:
    book.accept(order(), "print")
    entry = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOON)
    with pytest.raises(StorageUnavailable, match="not recorded yet"):
        book.close(CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry))


@pytest.mark.parametrize("status", [OrderStatus.COMPLETED, OrderStatus.CANCELLED])
def test_closing_leaves_every_other_order_alone(book: OrderRepository, status: OrderStatus) -> None:
    book.record(progress(status))
    entry = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOON)
    assert book.close(CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry)).status == status
    assert book.close(CloseRun(workflow=PROCESS_ORDER, key="order-2", end="failed", entry=entry)) is None
    row = book.get(ORDER)
    assert row is not None
    assert row.result == progress(status)


def test_orders_without_a_recorded_end_are_found(book: OrderRepository) -> None:
    for number in range(3):
        book.accept(order(f"order-{number}", placed_at=NOON + timedelta(hours=number)), "print")
    book.record(progress(OrderStatus.AWAITING_APPROVAL, "order-0"))
    book.record(progress(OrderStatus.REJECTED, "order-1"))  # what follows its end is not done yet
    assert sorted(open_ids(book)) == ["order-0", "order-1"]


def open_ids(book: OrderRepository) -> list[str]:
    return [reminder.key for reminder in book.intake.open_runs(NOON + timedelta(hours=2))]


def test_a_try_is_counted_once_and_only_while_the_order_is_open(book: OrderRepository) -> None:
    book.accept(order("order-1"), "print")
    (first,) = book.intake.open_runs(NOON + timedelta(hours=2))
    assert (first.tries, first.tried_at) == (0, None)
    assert [book.intake.record_try(first, 1, NOON) for _ in range(2)] == [True, False], "another process was faster"
    (second,) = book.intake.open_runs(NOON + timedelta(hours=2))
    assert (second.tries, second.tried_at) == (1, NOON)
    book.intake.forget("order-1")
    assert not book.intake.record_try(second, 2, NOON)


def course(end: RunEnd) -> SettleCourse:
    return settling(Course(end=end, reason_code=end), progress(OrderStatus.SHIPPING_BOOKED))


@pytest.mark.parametrize(
    ("first", "second"),
    [("completed", "failed"), ("cancelled", "completed")],
)
def test_the_first_course_of_an_order_holds(book: OrderRepository, first: RunEnd, second: RunEnd) -> None:
    book.accept(order(), "print")
    assert [book.settle_course(course(end)).course.end for end in (first, second)] == [first, first]
    row = book.get(ORDER)
    assert row is not None
    assert (row.status, row.course and row.course.end) == (OrderStatus.SHIPPING_BOOKED, first)


def test_an_order_started_without_a_row_gets_the_status_that_it_wants(book: OrderRepository) -> None:
    assert book.settle_course(course("failed")).course.end == "failed"
    assert book.get(ORDER) is None


def test_a_cancellation_is_kept_until_the_order_is_past_it(book: OrderRepository) -> None:
    wish = CancellationRequest(requested_by="ada")
    assert book.request_cancellation(ORDER, wish) is None, "there is no such order"
    book.accept(order(), "print")
    book.accept(order("order-2"), "print")
    kept = [book.request_cancellation(ORDER, CancellationRequest(requested_by=each)) for each in ("ada", "eve")]
    assert [row and row.cancellation for row in kept] == [wish, wish]
    book.settle_course(course(OrderStatus.COMPLETED))
    assert book.request_cancellation(ORDER, wish) is not None, "asked again, it is answered again"
    book.record(progress(OrderStatus.COMPLETED, "order-2"))
    late = book.request_cancellation("order-2", wish)
    assert late is not None
    assert late.cancellation is None


def test_a_cancellation_that_came_too_late_is_answered_in_the_ledger(book: OrderRepository) -> None:
    book.accept(order(), "print")
    book.request_cancellation(ORDER, CancellationRequest(requested_by="ada"))
    book.record(progress(OrderStatus.COMPLETED, succeeded=True))
    row = book.get(ORDER)
    assert row is not None
    assert row.result is not None
    assert [(step.step, step.reason_code) for step in row.result.steps] == [("cancellation", "too_late")]


def test_an_order_that_needs_no_check_is_no_longer_listed_and_stays_in_the_repository(book: OrderRepository) -> None:
    book.accept(order("order-1"), "print")
    for _ in range(2):
        book.intake.forget("order-1")
    assert open_ids(book) == []
    assert book.get("order-1") is not None


def test_of_many_decisions_at_once_one_holds_for_all(book: OrderRepository) -> None:
    def settle(number: int) -> str:
        decision = ApprovalDecision(decision="approved" if number % 2 else "rejected", approver=f"approver {number}")
        request = SettleApprovalRequest(
            workflow=PROCESS_ORDER, key=ORDER, wait_id=f"{ORDER}.approval", decision=decision
        )
        return book.settle(request).decision.approver

    with ThreadPoolExecutor(8) as pool:
        winners = set(pool.map(settle, range(16)))
    assert len(winners) == 1
    assert {settle(16)} == winners, "a later one does not win either"


def test_a_decision_is_kept_word_for_word(book: OrderRepository) -> None:
    decision = ApprovalDecision(decision="rejected", approver="Grace", comment="too large; ask again in “May”")
    request = SettleApprovalRequest(
        workflow=PROCESS_ORDER, key=ORDER, wait_id=f"{ORDER}.approval", decision=decision, timed_out=True
    )
    settled = book.settle(request)
    other = request.model_copy(update={"decision": ApprovalDecision(decision="approved", approver="Alan")})
    assert book.settle(other) == settled
    assert (settled.decision, settled.timed_out) == (decision, True)


def test_every_wait_has_a_decision_of_its_own(book: OrderRepository) -> None:
    for wait, decision in (("first", "approved"), ("second", "rejected")):
        said = ApprovalDecision.model_validate({"decision": decision, "approver": "Grace"})
        request = SettleApprovalRequest(workflow=PROCESS_ORDER, key=ORDER, wait_id=wait, decision=said)
        assert book.settle(request).decision == said
