"""What each kind of fault looks like through the real SDKs."""

import socket

import pytest
import requests
import stripe
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.http_error import HttpError
from easypost.errors.api.internal_server_error import InternalServerError
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.json_error import JsonError
from easypost.errors.api.rate_limit_error import RateLimitError
from easypost.errors.api.service_unavailable_error import ServiceUnavailableError

from sandbox.testing import Sandbox
from sandbox_tests.builders import payment, shipment, wait_for_matches


def test_a_payment_is_declined_by_order(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    sandbox.fault(order_id="order-1", kind="refuse", code="card_declined", decline_code="do_not_honor")
    with pytest.raises(stripe.CardError) as declined:
        shop.v1.payment_intents.create(payment("order-1"))
    assert declined.value.error is not None
    assert declined.value.error.decline_code == "do_not_honor"
    assert shop.v1.payment_intents.create(payment("order-2")).status == "requires_capture"


@pytest.mark.parametrize("operation", ["capture", "cancel"])
def test_an_act_on_a_payment_is_refused_and_changes_nothing(
    shop: stripe.StripeClient, sandbox: Sandbox, operation: str
) -> None:
    held = shop.v1.payment_intents.create(payment())
    sandbox.fault(operation=f"payment_intents.{operation}", kind="refuse", code="charge_expired_for_capture")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        getattr(shop.v1.payment_intents, operation)(held.id)
    assert refused.value.code == "charge_expired_for_capture"
    assert sandbox.payments()[0]["status"] == "requires_capture"


def test_a_refund_is_refused(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    paid = shop.v1.payment_intents.create(payment(capture_method="automatic"))
    sandbox.fault(operation="refunds.create", order_id="order-1", kind="refuse", code="charge_disputed")
    with pytest.raises(stripe.InvalidRequestError) as refused:
        shop.v1.refunds.create({"payment_intent": paid.id})
    assert refused.value.code == "charge_disputed"
    assert sandbox.totals()["refunded"] == 0


@pytest.mark.parametrize(
    ("status", "error"), [(429, stripe.RateLimitError), (500, stripe.APIError), (503, stripe.APIError)]
)
def test_stripe_fails_without_acting(
    shop: stripe.StripeClient, sandbox: Sandbox, status: int, error: type[stripe.StripeError]
) -> None:
    sandbox.fault(face="stripe", kind="status", status=status, next=1)
    with pytest.raises(error) as failed:
        shop.v1.payment_intents.create(payment())
    assert failed.value.http_status == status
    assert sandbox.payments() == []
    assert shop.v1.payment_intents.create(payment()).status == "requires_capture"


def test_the_retries_of_the_stripe_sdk_get_through_an_outage(sandbox: Sandbox) -> None:
    sandbox.fault(face="stripe", kind="drop_after", next=1)
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": sandbox.url}, max_network_retries=1)
    assert client.v1.payment_intents.create(payment()).status == "requires_capture"
    assert len(sandbox.payments()) == 1


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimitError), (500, InternalServerError), (503, ServiceUnavailableError)]
)
def test_easypost_fails_without_acting(
    carrier: EasyPostClient, sandbox: Sandbox, status: int, error: type[Exception]
) -> None:
    sandbox.fault(face="easypost", kind="status", status=status, next=1)
    with pytest.raises(error):
        carrier.shipment.create(**shipment())
    assert sandbox.parcels() == []
    assert carrier.shipment.create(**shipment()).rates


def test_a_proxy_answers_with_html(shop: stripe.StripeClient, carrier: EasyPostClient, sandbox: Sandbox) -> None:
    sandbox.fault(kind="html")
    with pytest.raises(stripe.APIError, match="502"):
        shop.v1.payment_intents.create(payment())
    with pytest.raises(JsonError):
        carrier.shipment.create(**shipment())
    assert (sandbox.payments(), sandbox.parcels()) == ([], [])


def test_the_connection_closes_before_the_act(
    shop: stripe.StripeClient, carrier: EasyPostClient, sandbox: Sandbox
) -> None:
    sandbox.fault(kind="drop_before")
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.payment_intents.create(payment())
    with pytest.raises(HttpError):
        carrier.shipment.create(**shipment())
    assert (sandbox.payments(), sandbox.parcels()) == ([], [])


def test_the_connection_closes_after_the_act(
    shop: stripe.StripeClient, carrier: EasyPostClient, sandbox: Sandbox
) -> None:
    sandbox.fault(kind="drop_after")
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.payment_intents.create(payment())
    with pytest.raises(HttpError):
        carrier.shipment.create(**shipment())
    assert [entry["authorised"] for entry in sandbox.payments()] == [2500]
    assert [entry["reference"] for entry in sandbox.parcels()] == ["order-1"]


def test_a_provider_acts_and_then_fails(shop: stripe.StripeClient, carrier: EasyPostClient, sandbox: Sandbox) -> None:
    sandbox.fault(kind="fail_after")
    with pytest.raises(stripe.APIError) as failed:
        shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"})
    with pytest.raises(InternalServerError):
        carrier.shipment.create(**shipment())
    assert failed.value.http_status == 500
    assert [entry["authorised"] for entry in sandbox.payments()] == [2500]
    assert [entry["reference"] for entry in sandbox.parcels()] == ["order-1"]
    sandbox.clear_faults()
    with pytest.raises(stripe.APIError):
        shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"})
    assert len(sandbox.payments()) == 1


def test_a_label_purchase_is_refused_by_order(carrier: EasyPostClient, sandbox: Sandbox) -> None:
    made = carrier.shipment.create(**shipment())
    sandbox.fault(operation="shipments.buy", order_id="order-1", kind="refuse", next=1)
    with pytest.raises(InvalidRequestError) as refused:
        carrier.shipment.buy(made.id, rate=made.lowest_rate())
    assert refused.value.code == "SHIPMENT.POSTAGE.FAILURE"
    assert carrier.shipment.buy(made.id, rate=made.lowest_rate()).tracking_code


def test_a_delayed_call_acts_although_its_caller_has_gone(sandbox: Sandbox) -> None:
    sandbox.fault(operation="payment_intents.create", kind="delay", delay_s=600)
    body = b"amount=2500&currency=usd&metadata[order_id]=order-1"
    head = f"Host: sandbox\r\nAuthorization: Bearer sk_test_sandbox\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", int(sandbox.url.rpartition(":")[2]))) as caller:
        caller.sendall(b"POST /v1/payment_intents HTTP/1.1\r\n" + head.encode() + body)
        wait_for_matches(sandbox, 1)
    assert sandbox.payments() == []
    sandbox.clear_faults()
    while not sandbox.payments("order-1"):
        pass


def test_a_fault_is_counted_on_the_calls_of_its_order_alone(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    held = {order: shop.v1.payment_intents.create(payment(order)).id for order in ("a", "b")}
    sandbox.fault(operation="payment_intents.capture", order_id="b", kind="status", status=503, calls=[1])
    assert shop.v1.payment_intents.capture(held["a"]).status == "succeeded"
    with pytest.raises(stripe.APIError):
        shop.v1.payment_intents.capture(held["b"])
    assert shop.v1.payment_intents.capture(held["b"]).status == "succeeded"


def test_the_call_log_has_what_was_called_and_what_went_wrong(shop: stripe.StripeClient, sandbox: Sandbox) -> None:
    rule = sandbox.fault(operation="payment_intents.create", kind="drop_before", next=1)
    with pytest.raises(stripe.APIConnectionError):
        shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"})
    shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"})
    dropped, answered = sandbox.calls(order_id="order-1")
    assert (dropped["fault"], dropped["status"], dropped["idempotency_key"]) == ("drop_before", None, "key-1")
    assert (answered["fault"], answered["status"], answered["replayed"]) == (None, 200, False)
    counts = requests.get(f"{sandbox.url}/sandbox/calls", timeout=60).json()["counts"]
    assert counts == {"payment_intents.create": 2}
    assert [(one["id"], one["matched"]) for one in sandbox.faults()] == [(rule, 2)]


@pytest.mark.parametrize(
    ("order", "field"),
    [
        ({"kind": "explode"}, "kind"),
        ({"kind": "html", "next": 0}, "next"),
        ({"kind": "html", "operation": "teapots.brew"}, "operation"),
        ([{"kind": "html"}, {"kind": "status"}], "status"),
    ],
)
def test_a_wrong_fault_order_is_named_and_places_nothing(sandbox: Sandbox, order: object, field: str) -> None:
    response = requests.post(f"{sandbox.url}/sandbox/faults", json=order, timeout=60)
    assert response.status_code == 400
    assert field in response.text
    assert sandbox.faults() == []


def test_reset_forgets_everything(shop: stripe.StripeClient, carrier: EasyPostClient, sandbox: Sandbox) -> None:
    shop.v1.payment_intents.create(payment(), {"idempotency_key": "key-1"})
    carrier.shipment.create(**shipment())
    sandbox.fault(kind="html")
    sandbox.reset()
    assert (sandbox.payments(), sandbox.parcels(), sandbox.calls(), sandbox.faults()) == ([], [], [], [])
    again = shop.v1.payment_intents.create(payment(amount=9900), {"idempotency_key": "key-1"})
    assert again.amount == 9900
