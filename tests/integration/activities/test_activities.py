"""Every activity, delivered twice as the platform may do: one answer, one effect."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from activities.approval import settle_approval
from activities.dead_letter import close_dead_letter, store_dead_letter
from activities.notification import send_notification
from activities.payment import authorise_payment, cancel_payment, capture_payment
from activities.run import close_run, record_run
from activities.shipping import buy_label, cancel_shipping, create_shipment
from domain.errors import ProviderUnavailable
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.run import CapturePayment
from domain.payments.payment import CancelPaymentRequest, PaymentRequest
from domain.shipping.shipment import Address, BuyLabelRequest, CancelShippingRequest, ShipmentRequest
from domain.workflows.commands import Command
from domain.workflows.dead_letter import CloseDeadLetter, DeadLetter, DeadLetterState
from domain.workflows.decision import ApprovalDecision, SettleApprovalRequest
from domain.workflows.records import RecordRun
from domain.workflows.run import CloseRun
from domain.workflows.steps import LedgerEntry, Outcome
from sandbox.testing import Sandbox
from services.container import services
from tests.integration.activities.running import run, run_twice
from tests.support.order_requests import ADDRESS
from tests.support.shop import change_settings

ROOT = Path(__file__).parents[3]
ORDER = "order-1"
NOW = datetime.now(UTC)
PAYMENT = PaymentRequest(
    order_id=ORDER, amount_cents=2_500, currency="usd", payment_method="pm_card_visa", placed_at=NOW
)

COMPLETED = OrderProgress(order_id=ORDER, status=OrderStatus.COMPLETED, succeeded=True, message="Done.")
NOTIFICATION = Notification(
    message_id=f"{ORDER}.order_completed",
    workflow=PROCESS_ORDER,
    key=ORDER,
    kind=NotificationKind.ORDER_COMPLETED,
    email="ada@example.com",
)


def test_a_payment_is_authorised_captured_and_given_back(sandbox: Sandbox) -> None:
    payment_id = run_twice(authorise_payment, PAYMENT)["reference"]
    booked = OrderProgress(order_id=ORDER, status=OrderStatus.SHIPPING_BOOKED, message="The parcel is booked.")
    capture = CapturePayment(order_id=ORDER, payment_id=payment_id, amount_cents=2_500, currency="usd", progress=booked)
    assert run_twice(capture_payment, capture)["outcome"] == "done"
    cancel = CancelPaymentRequest(payment=PAYMENT, payment_id=payment_id)
    assert run_twice(cancel_payment, cancel)["message"] == "refunded"
    assert sandbox.totals() == {"authorised": 2_500, "captured": 2_500, "refunded": 2_500, "voided": 0}


def test_a_refusal_is_returned_and_an_outage_is_raised(sandbox: Sandbox) -> None:
    declined = PAYMENT.model_copy(update={"payment_method": "pm_card_chargeDeclined"})
    assert run_twice(authorise_payment, declined)["reason_code"] == "payment_declined"
    sandbox.fault(kind="status", status=503)
    with pytest.raises(ProviderUnavailable):
        run(authorise_payment, PAYMENT.model_copy(update={"order_id": "order-2"}))


def test_a_parcel_is_announced_bought_and_given_back(sandbox: Sandbox) -> None:
    address = Address.model_validate(ADDRESS)
    announced = ShipmentRequest(order_id=ORDER, ship_to=address, weight_grams=800)
    shipment_id = run_twice(create_shipment, announced)["reference"]
    code = run_twice(buy_label, BuyLabelRequest(order_id=ORDER, shipment_id=shipment_id))["reference"]
    assert [row["tracking_code"] for row in sandbox.parcels()] == [code]
    compensation = CancelShippingRequest(order_id=ORDER, shipment_id=shipment_id)
    assert run_twice(cancel_shipping, compensation)["message"] == "label_refunded"
    assert [row["label_active"] for row in sandbox.parcels()] == [False]


def test_progress_is_entered_and_an_order_that_needs_attention_is_closed() -> None:
    entry = LedgerEntry(step="cancel_payment", kind="compensation", outcome=Outcome.DONE, at=NOW)
    closing = CloseRun(workflow=PROCESS_ORDER, key=ORDER, end="failed", entry=entry)
    assert run_twice(close_run, closing)["reason_code"] == "not_waiting"
    open_end = OrderProgress(order_id=ORDER, status=OrderStatus.NEEDS_ATTENTION, succeeded=False, message="Stuck.")
    assert (
        run_twice(record_run, RecordRun(workflow=PROCESS_ORDER, key=ORDER, progress=open_end.to_wire()))["outcome"]
        == "done"
    )
    assert run_twice(close_run, closing)["outcome"] == "done"
    row = services().order_repository.get(ORDER)
    assert row is not None
    assert row.result is not None
    assert (row.status, row.result.steps) == (OrderStatus.FAILED, (entry,))


def test_the_first_decision_holds() -> None:
    first = SettleApprovalRequest(
        workflow=PROCESS_ORDER, key=ORDER, wait_id="w", decision=ApprovalDecision(decision="approved", approver="Grace")
    )
    second = first.model_copy(update={"decision": ApprovalDecision(decision="rejected", approver="Alan")})
    held = run_twice(settle_approval, first)
    assert held == run_twice(settle_approval, second)
    assert (held["decision"]["approver"], held["outcome"]) == ("Grace", "done")


def test_a_message_sent_twice_carries_one_id() -> None:
    assert run_twice(send_notification, NOTIFICATION)["reference"] == NOTIFICATION.message_id
    assert _waiting() == [NOTIFICATION, NOTIFICATION]


def test_an_orders_end_is_recorded_together_with_its_notification() -> None:
    assert (
        run(
            record_run,
            RecordRun(workflow=PROCESS_ORDER, key=ORDER, progress=COMPLETED.to_wire(), notification=NOTIFICATION),
        )["reference"]
        == NOTIFICATION.message_id
    )
    assert _waiting() == [NOTIFICATION]


def test_a_notification_that_cannot_be_stored_does_not_keep_an_order_from_its_end(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str
) -> None:
    silent = re.sub("QueueEndpoint=[^;]+", "QueueEndpoint=http://127.0.0.1:9/unknown", storage_connection)
    change_settings(monkeypatch, SHOP_STORAGE=silent)
    assert (
        run(
            record_run,
            RecordRun(workflow=PROCESS_ORDER, key=ORDER, progress=COMPLETED.to_wire(), notification=NOTIFICATION),
        )["reason_code"]
        == "not_notified"
    )
    row = services().order_repository.get(ORDER)
    assert row is not None
    assert row.status is OrderStatus.COMPLETED


def test_a_dead_letter_is_stored_and_closed_once() -> None:
    letter = DeadLetter(
        dead_letter_id=f"{ORDER}.cancel_payment",
        workflow=PROCESS_ORDER,
        key=ORDER,
        step="cancel_payment",
        commands=(Command(operation="cancel_payment", request={}),),
        dead_lettered_at=NOW,
    )
    assert run_twice(store_dead_letter, letter)["reference"] == letter.dead_letter_id
    closing = CloseDeadLetter(dead_letter_id=letter.dead_letter_id, state=DeadLetterState.REPLAYED, at=NOW)
    assert run_twice(close_dead_letter, closing)["outcome"] == "done"
    assert [kept.state for kept in services().dead_letters.list().items] == [DeadLetterState.REPLAYED]


def test_a_malformed_request_is_refused_without_repeating_it() -> None:
    secret = "4242 4242 4242 4242"
    activity = authorise_payment._function.get_user_function()
    with pytest.raises(ValidationError) as refused:
        activity({**PAYMENT.to_wire(), "payment_method": secret, "card": secret})
    assert secret not in str(refused.value)


def test_importing_the_activities_loads_no_provider_library() -> None:
    heavy = ("stripe", "easypost", "azure.data", "azure.storage", "azure.identity", "azure.core")
    script = (
        "import sys, activities.payment, activities.shipping, activities.order_repository, activities.notification,"
        f" activities.dead_letter; print([name for name in {heavy!r} if name in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def _waiting() -> list[Notification]:
    messages = services().storage.queue("notifications").receive_messages(max_messages=32)
    return [Notification.model_validate_json(message.content) for message in messages]
