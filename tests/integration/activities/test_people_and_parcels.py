"""The activities of expenses, parcels, mails and webhooks, delivered twice: one answer, one effect."""

from datetime import UTC, datetime

import pytest

from activities.expense import calculate_expense_totals, pay_expense
from activities.notification import mail_notification
from activities.tracking import find_parcel, poll_parcel, record_tracking
from activities.webhook import deliver_webhook
from domain.expenses.claim import ExpensePayment, ExpenseRequest, ExpenseTotal
from domain.expenses.limits import Category
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import OrderProgress, OrderStatus
from domain.shipping.tracking import ParcelQuery, ParcelStatus, RecordTracking, Tracking, TrackingRequest
from domain.workflows.steps import LedgerEntry, Outcome
from domain.workflows.webhook import Webhook
from sandbox.testing import Sandbox
from services.container import services
from tests.integration.activities.running import run, run_twice
from tests.support.mails import Mailbox
from tests.support.shop import change_settings
from tests.support.webhooks import SECRET, Receiver

NOW = datetime(2026, 3, 1, tzinfo=UTC)
CODE = "EZ4000000004"
PAYMENT = ExpensePayment(
    claim_id="ex-1",
    employee_id="ada",
    totals=(ExpenseTotal(category=Category.MEALS, currency="usd", amount_cents=1_200),),
    approved_by="ann",
    approved_at=NOW,
)


def completed(order_id: str = "order-1") -> None:
    booked = LedgerEntry(step="buy_label", outcome=Outcome.DONE, at=NOW, reference=CODE)
    services().order_repository.record(
        OrderProgress(order_id=order_id, status=OrderStatus.COMPLETED, succeeded=True, message="Done.", steps=(booked,))
    )


def test_an_expense_is_paid_once_and_never_another_sum(sandbox: Sandbox) -> None:
    assert run_twice(pay_expense, PAYMENT)["reference"] == "ex-1"
    more = PAYMENT.totals[0].model_copy(update={"amount_cents": 9_999})
    assert run(pay_expense, PAYMENT.model_copy(update={"totals": (more,)}))["reason_code"] == "paid_differently"
    assert services().expense_payments.add(PAYMENT).totals == PAYMENT.totals


def test_a_claim_is_added_up_per_category_and_currency(monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(
        monkeypatch, EXPENSE_LIMITS='{"usd": {"meals": 2000}, "eur": {"meals": 100}}', APPROVER_EMAILS="ann@example.com"
    )
    item = {"category": "meals", "amount_cents": 1_000, "spent_on": "2026-03-01"}
    items = [{**item, "currency": "usd"}, {**item, "currency": "usd"}, {**item, "amount_cents": 100, "currency": "eur"}]
    request = ExpenseRequest.model_validate({"employee_id": "ada", "email": "ada@example.com", "items": items})
    assessed = run_twice(calculate_expense_totals, request)
    assert (assessed["outcome"], assessed["approvers"]) == ("done", ["ann@example.com"])
    assert {(t["currency"], t["amount_cents"]) for t in assessed["totals"]} == {("usd", 2_000), ("eur", 100)}


def test_a_parcel_is_found_and_its_place_entered_without_touching_the_orders_status() -> None:
    assert run_twice(find_parcel, TrackingRequest(order_id="order-1"))["reason_code"] == "no_parcel"
    completed()
    assert run_twice(find_parcel, TrackingRequest(order_id="order-1"))["reference"] == CODE
    known = services().parcels.find(CODE)
    assert known is not None
    assert (known.order_id, known.is_watched) == ("order-1", True)
    seen = run_twice(poll_parcel, ParcelQuery(code=CODE, at=NOW))
    assert seen["tracking"]["status"] == "delivered"
    tracking = Tracking.model_validate(seen["tracking"])
    run_twice(record_tracking, RecordTracking(order_id="order-1", tracking=tracking))
    row = services().order_repository.get("order-1")
    assert row is not None
    assert (row.status, row.tracking) == (OrderStatus.COMPLETED, tracking)


def test_an_older_look_does_not_replace_a_newer_one_and_makes_no_order() -> None:
    completed()
    newer = Tracking(code=CODE, status=ParcelStatus.DELIVERED, seen_at=NOW)
    older = Tracking(code=CODE, status=ParcelStatus.IN_TRANSIT, seen_at=NOW.replace(year=2025))
    for tracking in (newer, older):
        run(record_tracking, RecordTracking(order_id="order-1", tracking=tracking))
        run(record_tracking, RecordTracking(order_id="unknown", tracking=tracking))
    row = services().order_repository.get("order-1")
    assert row is not None
    assert row.tracking == newer
    assert services().order_repository.get("unknown") is None


def test_a_carrier_that_refuses_to_say_is_not_asked_in_vain(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, EASYPOST_API_KEY="EZAK_live")
    assert run_twice(poll_parcel, ParcelQuery(code=CODE, at=NOW))["reason_code"] == "carrier_request_refused"


def test_a_mail_that_is_to_be_sent_twice_is_sent_once(monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox) -> None:
    change_settings(monkeypatch, SMTP_URL=mailbox.url)
    notification = Notification(
        message_id="order-1.order_failed",
        workflow=PROCESS_ORDER,
        key="order-1",
        kind=NotificationKind.ORDER_FAILED,
        email="ada@example.com",
    )
    assert run_twice(mail_notification, notification)["outcome"] == "done"
    assert mailbox.taken == 1


def test_a_webhook_sent_twice_carries_one_id(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    change_settings(monkeypatch, WEBHOOK_SECRET=SECRET, CALLBACK_ALLOW_LOOPBACK="true")
    webhook = Webhook(webhook_id="r-1.done", run_id="r-1", url=receiver.url, type="report.completed", data={})
    assert run_twice(deliver_webhook, webhook)["reference"] == "r-1.done"
    assert {headers["webhook-id"] for headers, _ in receiver.got} == {"r-1.done"}
