"""What the carrier answers: asked for again, a refusal or a fault, in words that keep the customer's data and the key out."""

import traceback
from typing import Any

import pytest

from adapters.easypost.carrier import EasyPostCarrier
from domain.errors import ProviderUnavailable
from domain.shipping.shipment import LabelOffer
from domain.workflows.steps import Outcome
from tests.integration.adapters.examples import CUSTOMER, compensate_shipping, label, shipment
from tests.integration.adapters.scripted import Script
from tests.integration.adapters.scripted_easypost import (
    ANNOUNCE,
    BOUGHT,
    BUY,
    LOOK,
    REFUND,
    RERATE,
    SECRETS,
    SHIPMENT,
    TALKATIVE,
    UNBOUGHT,
    rate,
)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (429, {"error": {"code": "RATE_LIMITED", "message": TALKATIVE}}),
        (500, {"error": {"code": "INTERNAL_SERVER_ERROR", "message": TALKATIVE}}),
        (502, {"error": {"code": "BAD_GATEWAY", "message": TALKATIVE}}),
        (504, {"error": {"code": "GATEWAY_TIMEOUT", "message": TALKATIVE}}),
        (503, {"error": TALKATIVE}),
        (503, [TALKATIVE]),
        (502, f"<html>{TALKATIVE}</html>"),
        (200, f"<html>{TALKATIVE}</html>"),
        (200, ""),
        (200, {"object": "Surprise"}),
        (200, [1]),
    ],
)
def test_what_is_no_answer_is_asked_for_again(
    scripted_carrier: EasyPostCarrier, script: Script, status: int, body: Any
) -> None:
    script.answer(LOOK, body, status)
    with pytest.raises(ProviderUnavailable) as raised:
        scripted_carrier.create_shipment(shipment())
    _assert_discreet("".join(traceback.format_exception(raised.value)))


@pytest.mark.parametrize("status", [400, 401, 402, 403, 422])
@pytest.mark.parametrize("code", ["SOMETHING.WRONG", TALKATIVE, None])
def test_a_refusal_has_a_message_of_ours(
    scripted_carrier: EasyPostCarrier, script: Script, status: int, code: str | None
) -> None:
    script.answer(LOOK, {"error": {"code": "NOT_FOUND", "message": ""}}, 404)
    script.answer(ANNOUNCE, {"error": {"code": code, "message": TALKATIVE, "errors": [TALKATIVE]}}, status)
    result = scripted_carrier.create_shipment(shipment())
    assert result.outcome is Outcome.FAULTED
    _assert_discreet(result.model_dump_json())


def test_a_parcel_without_a_rate_is_asked_for_again(scripted_carrier: EasyPostCarrier, script: Script) -> None:
    script.answer(SHIPMENT, UNBOUGHT | {"rates": []})
    script.answer(f"{BUY.removesuffix('buy')}rerate", {"rates": []})
    with pytest.raises(ProviderUnavailable):
        scripted_carrier.buy_label(label("shp_1"))


@pytest.mark.parametrize(
    ("message", "outcome", "reason"),
    [
        ("Customs info required for DHLExpress international rates.", Outcome.REFUSED, "undeliverable"),
        ("Weight exceeds maximum 70 lbs", Outcome.REFUSED, "undeliverable"),
        ("Shipment cannot weigh less than 16oz", Outcome.REFUSED, "undeliverable"),
        ("Invalid account credentials", Outcome.FAULTED, "carrier_request_refused"),
        ("The carrier did not respond in time, try again later", None, None),
        ("503 Service Temporarily Unavailable", None, None),
    ],
)
def test_what_carriers_say_decides_whether_to_ask_again(
    scripted_carrier: EasyPostCarrier, script: Script, message: str, outcome: Outcome | None, reason: str | None
) -> None:
    """See https://docs.easypost.com/docs/shipments/messages ."""
    said = [{"carrier": "USPS", "type": "rate_error", "message": message}]
    script.answer(SHIPMENT, UNBOUGHT | {"rates": [], "messages": said})
    script.answer(RERATE, {"rates": [], "messages": said})
    if outcome is None:
        with pytest.raises(ProviderUnavailable) as raised:
            scripted_carrier.buy_label(label("shp_1"))
        assert message in str(raised.value)
        return
    result = scripted_carrier.buy_label(label("shp_1"))
    assert (result.outcome, result.reason_code) == (outcome, reason)
    assert message in str(result.message), "an operator reads why"


def test_what_carriers_say_of_a_customer_is_not_kept(scripted_carrier: EasyPostCarrier, script: Script) -> None:
    talk = f"{CUSTOMER.name}, {CUSTOMER.street1}, ada@example.com, +1 (310) 555-0101: address not serviced\n\x1b[1m"
    to_address = {"name": CUSTOMER.name.upper(), "street1": CUSTOMER.street1.upper(), "zip": "90277-1234"}
    said = [{"carrier": "USPS", "type": "rate_error", "message": talk}]
    script.answer(SHIPMENT, UNBOUGHT | {"rates": [], "messages": said, "to_address": to_address})
    script.answer(RERATE, {"rates": [], "messages": said})
    result = scripted_carrier.buy_label(label("shp_1"))
    assert result.message == "no carrier takes this parcel: USPS: …, …, … …: address not serviced [1m"


def test_a_purchase_that_is_refused_for_the_parcel_is_a_refusal(
    scripted_carrier: EasyPostCarrier, script: Script
) -> None:
    script.answer(SHIPMENT, UNBOUGHT)
    refused = {"code": "SHIPMENT.POSTAGE.FAILURE", "message": "Customs info required", "errors": []}
    script.answer(BUY, {"error": refused}, 422)
    result = scripted_carrier.buy_label(label("shp_1"))
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "undeliverable")
    assert "Customs info required" in str(result.message)


def test_a_refused_offer_is_not_replaced_and_its_refusal_says_nothing_private(
    scripted_carrier: EasyPostCarrier, script: Script
) -> None:
    to_address = {"name": CUSTOMER.name, "street1": CUSTOMER.street1}
    script.answer(SHIPMENT, UNBOUGHT | {"rates": [rate("fresh", "5.00")], "to_address": to_address})
    said = f"{CUSTOMER.name}, {CUSTOMER.street1}: address not serviced"
    script.answer(BUY, {"error": {"code": "SHIPMENT.POSTAGE.FAILURE", "message": said, "errors": []}}, 422)
    offer = LabelOffer(rate_id="offered", price="6.07", currency="USD")
    result = scripted_carrier.buy_label(label("shp_1").model_copy(update={"offer": offer}))
    assert (result.reason_code, script.calls.count(BUY)) == ("undeliverable", 1)
    assert str(result.message).endswith("…, …: address not serviced")


def test_a_label_bought_by_a_repeat_meanwhile_is_bought(scripted_carrier: EasyPostCarrier, script: Script) -> None:
    script.answer(SHIPMENT, UNBOUGHT)
    script.answer(SHIPMENT, BOUGHT)
    script.answer(BUY, {"error": {"code": "SHIPMENT.POSTAGE.EXISTS", "message": TALKATIVE}}, 422)
    assert scripted_carrier.buy_label(label("shp_1")).reference == BOUGHT["tracking_code"]


def test_a_label_given_back_by_a_repeat_meanwhile_is_given_back(
    scripted_carrier: EasyPostCarrier, script: Script
) -> None:
    script.answer(SHIPMENT, BOUGHT)
    script.answer(SHIPMENT, BOUGHT | {"refund_status": "submitted"})
    script.answer(REFUND, {"error": {"code": "SHIPMENT.REFUND.UNAVAILABLE", "message": TALKATIVE}}, 422)
    assert scripted_carrier.cancel(compensate_shipping("shp_1")).message == "label_refunded"


def test_a_label_that_is_bought_while_its_rates_are_taken_away_is_given_back(
    scripted_carrier: EasyPostCarrier, script: Script
) -> None:
    script.answer(SHIPMENT, UNBOUGHT)
    script.answer(SHIPMENT, BOUGHT)
    script.answer(RERATE, {"error": {"code": "SHIPMENT.INVALID", "message": "Postage exists."}}, 422)
    script.answer(REFUND, BOUGHT | {"refund_status": "submitted"})
    assert scripted_carrier.cancel(compensate_shipping("shp_1")).message == "label_refunded"


def test_a_label_that_is_only_billed_when_scanned_needs_no_refund(
    scripted_carrier: EasyPostCarrier, script: Script
) -> None:
    script.answer(SHIPMENT, BOUGHT)
    script.answer(REFUND, BOUGHT | {"refund_status": "not_applicable"})
    assert scripted_carrier.cancel(compensate_shipping("shp_1")).outcome is Outcome.DONE


def _assert_discreet(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []


MISSING = {"code": "SHIPMENT.MISSING_RATE", "message": "Unable to find the rate", "errors": []}
OFFER = LabelOffer(rate_id="offered", price="6.07", currency="USD")


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (404, "NOT_FOUND", "The requested resource could not be found."),
        (422, "SHIPMENT.MISSING_RATE", "Unable to find the rate"),
        (422, "SHIPMENT.RATE.CARRIER_ACCOUNT_INVALID", "The rate is of an inactive carrier account."),
        (422, "SHIPMENT.POSTAGE.FAILURE", "The rate has expired, please get new rates."),
        (422, "SHIPMENT.INVALID", "A valid rate must be supplied in order to purchase a shipment."),
    ],
)
def test_a_later_attempt_chooses_among_new_rates_where_the_offered_one_is_not_sold_any_more(
    scripted_carrier: EasyPostCarrier, script: Script, status: int, code: str, message: str
) -> None:
    """See github.com/EasyPost/easypost-php/issues/44 and github.com/solidusio-contrib/solidus_easypost/issues/20 ."""
    script.answer(BUY, {"error": {"code": code, "message": message, "errors": []}}, status)
    script.answer(BUY, BOUGHT)
    script.answer(SHIPMENT, UNBOUGHT | {"rates": [rate("offered", "6.07")]})
    script.answer(SHIPMENT, UNBOUGHT | {"rates": [rate("new", "7.00")]})
    script.answer(RERATE, {"rates": [rate("new", "7.00")]})
    with pytest.raises(ProviderUnavailable):
        scripted_carrier.buy_label(label("shp_1").model_copy(update={"offer": OFFER}))
    assert (script.calls.count(BUY), script.calls.count(RERATE)) == (1, 1), (
        "a compensation may have taken the rate away"
    )
    assert scripted_carrier.buy_label(label("shp_1")).reference == BOUGHT["tracking_code"]
    assert [f'"id": "{each}"' in body for each, body in zip(("offered", "new"), script.bodies[BUY], strict=True)] == [
        True
    ] * 2


def test_new_rates_are_bound_to_what_a_label_may_cost(scripted_carrier: EasyPostCarrier, script: Script) -> None:
    script.answer(BUY, {"error": MISSING}, 422)
    script.answer(SHIPMENT, UNBOUGHT)
    script.answer(SHIPMENT, UNBOUGHT | {"rates": [rate("new", "5000.00")]})
    script.answer(RERATE, {"rates": [rate("new", "5000.00")]})
    with pytest.raises(ProviderUnavailable):
        scripted_carrier.buy_label(label("shp_1").model_copy(update={"offer": OFFER}))
    assert scripted_carrier.buy_label(label("shp_1")).reason_code == "shipping_too_expensive"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("SHIPMENT.POSTAGE.NO_RESPONSE", "Carrier did not respond."),
        ("SHIPMENT.POSTAGE.TIMED_OUT", "The request took too long."),
        ("SHIPMENT.PURCHASE.IN_PROGRESS", "Postage is being purchased."),
        ("SHIPMENT.POSTAGE.FAILURE", "UPS: service temporarily unavailable"),
    ],
)
def test_a_purchase_that_may_still_succeed_is_looked_up_by_a_later_attempt(
    scripted_carrier: EasyPostCarrier, script: Script, code: str, message: str
) -> None:
    script.answer(BUY, {"error": {"code": code, "message": message, "errors": []}}, 422)
    script.answer(SHIPMENT, UNBOUGHT)
    with pytest.raises(ProviderUnavailable):
        scripted_carrier.buy_label(label("shp_1").model_copy(update={"offer": OFFER}))
    script.forget(SHIPMENT)
    script.answer(SHIPMENT, BOUGHT)
    assert scripted_carrier.buy_label(label("shp_1")).reference == BOUGHT["tracking_code"]
    assert script.calls.count(BUY) == 1


@pytest.mark.parametrize("code", ["ADDRESS.VERIFY.UNAVAILABLE", "ADDRESS.VERIFY.UPSTREAM_UNAVAILABLE"])
def test_an_address_that_cannot_be_verified_at_the_moment_is_not_undeliverable(
    scripted_carrier: EasyPostCarrier, script: Script, code: str
) -> None:
    script.answer(LOOK, {"error": {"code": "NOT_FOUND", "message": ""}}, 404)
    script.answer(ANNOUNCE, {"error": {"code": code, "message": TALKATIVE, "errors": []}}, 422)
    with pytest.raises(ProviderUnavailable):
        scripted_carrier.create_shipment(shipment())


@pytest.mark.parametrize("status", [401, 402, 403])
def test_a_purchase_that_the_account_may_not_make_is_a_fault(
    scripted_carrier: EasyPostCarrier, script: Script, status: int
) -> None:
    script.answer(BUY, {"error": {"code": "PAYMENT_REQUIRED", "message": "Try again later.", "errors": []}}, status)
    script.answer(SHIPMENT, UNBOUGHT)
    assert scripted_carrier.buy_label(label("shp_1")).outcome is Outcome.FAULTED


def test_what_is_said_of_another_shipment_is_no_answer(scripted_carrier: EasyPostCarrier, script: Script) -> None:
    script.answer(SHIPMENT, UNBOUGHT)
    script.answer(BUY, BOUGHT | {"id": "shp_2"})
    with pytest.raises(ProviderUnavailable, match="another shipment"):
        scripted_carrier.buy_label(label("shp_1"))
    script.forget(SHIPMENT)
    script.answer(SHIPMENT, BOUGHT | {"id": "shp_2"})
    for call in (
        lambda: scripted_carrier.buy_label(label("shp_1")),
        lambda: scripted_carrier.cancel(compensate_shipping("shp_1")),
    ):
        with pytest.raises(ProviderUnavailable, match="another shipment"):
            call()
    script.forget(SHIPMENT)
    script.answer(SHIPMENT, BOUGHT)
    script.answer(REFUND, BOUGHT | {"id": "shp_2", "refund_status": "submitted"})
    with pytest.raises(ProviderUnavailable, match="another shipment"):
        scripted_carrier.cancel(compensate_shipping("shp_1"))
