"""A parcel is announced once, its label bought once and given back once, whatever happens on the wire."""

import json
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from easypost.easypost_client import EasyPostClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.easypost.carrier import EasyPostCarrier
from domain.errors import ProviderUnavailable
from domain.shipping.customs import CustomsDeclaration, CustomsItem
from domain.shipping.shipment import BuyLabelRequest, CancelShippingRequest, LabelOffer
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox, running_sandbox
from tests.integration.adapters.examples import (
    CUSTOMER,
    NOWHERE,
    ORDER,
    WAREHOUSE,
    answer_or_none,
    compensate_shipping,
    label,
    label_as_offered,
    shipment,
    until_answered,
)
from tests.integration.adapters.scripted import Script

ABROAD = CUSTOMER.model_copy(update={"country": "CA", "postal_code": "K1A 0B1", "state": "ON"})
DECLARED = CustomsDeclaration(
    signer="Jane Doe",
    contents="merchandise",
    items=(
        CustomsItem(
            description="Stoneware mugs",
            quantity=2,
            weight_grams=1_200,
            value_cents=2_500,
            currency="usd",
            hs_code="6912.00",
            origin_country="PT",
        ),
    ),
    exemption="NOEEI 30.36",
)
FAULTS: dict[str, dict[str, Any]] = {
    "dropped before acting": {"kind": "drop_before", "next": 1},
    "dropped after acting": {"kind": "drop_after", "next": 1},
    "rate limit": {"kind": "status", "status": 429, "next": 2},
    "failure": {"kind": "status", "status": 500, "next": 2},
    "outage": {"kind": "status", "status": 503, "next": 2},
    "failure after acting": {"kind": "fail_after", "next": 1},
    "a proxy's page": {"kind": "html", "next": 2},
}
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


def labels(sandbox: Sandbox) -> tuple[int, int]:
    """bought, and still to be paid, over all parcels."""
    parcels = sandbox.parcels()
    return sum(row["label_bought"] for row in parcels), sum(row["label_active"] for row in parcels)


def test_a_parcel_is_announced_under_the_orders_id_and_costs_nothing(
    carrier: EasyPostCarrier, sandbox: Sandbox
) -> None:
    result = carrier.create_shipment(shipment())
    assert [(row["id"], row["reference"]) for row in sandbox.parcels()] == [(result.reference, ORDER)]
    assert labels(sandbox) == (0, 0)


def test_announcing_twice_makes_one_parcel(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    assert carrier.create_shipment(shipment()) == carrier.create_shipment(shipment())
    assert len(sandbox.parcels()) == 1


def test_the_cheapest_label_is_bought_once(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    first, second = carrier.buy_label(label(shipment_id)), carrier.buy_label(label(shipment_id))
    assert first == second
    [row] = sandbox.parcels()
    assert (row["tracking_code"], row["service"]) == (first.reference, "GroundAdvantage")
    assert len(sandbox.calls(operation="shipments.buy")) == 1


def test_a_parcel_is_announced_with_two_requests_and_its_label_bought_with_one(
    carrier: EasyPostCarrier, sandbox: Sandbox
) -> None:
    announced = carrier.create_shipment(shipment())
    bought = carrier.buy_label(label_as_offered(announced))
    operations = ["shipments.retrieve", "shipments.create", "shipments.buy"]
    assert [call["operation"] for call in sandbox.calls()] == operations
    assert bought == carrier.buy_label(label(announced.reference)), "the label is the one that a look would have chosen"
    assert bought == carrier.buy_label(label_as_offered(announced)), "a repeat finds the label"
    assert labels(sandbox) == (1, 1)


def test_what_was_offered_is_not_bought_any_more_once_it_was_compensated(
    carrier: EasyPostCarrier, sandbox: Sandbox
) -> None:
    announced = carrier.create_shipment(shipment())
    assert carrier.cancel(compensate_shipping()).message == "nothing_to_compensate"
    assert carrier.buy_label(label_as_offered(announced)).outcome is Outcome.FAULTED
    assert labels(sandbox) == (0, 0)


@pytest.mark.parametrize(
    "offer",
    [
        LabelOffer(rate_id="rate_none", price="5.00", currency="ZZZ"),
        LabelOffer(rate_id="rate_none", price="NaN", currency="USD"),
        LabelOffer(rate_id="rate_none", price="500.01", currency="USD"),
    ],
)
def test_an_offer_that_may_not_be_bought_is_passed_over(
    carrier: EasyPostCarrier, sandbox: Sandbox, offer: LabelOffer
) -> None:
    request = label(carrier.create_shipment(shipment()).reference).model_copy(update={"offer": offer})
    assert carrier.buy_label(request).outcome is Outcome.DONE
    assert labels(sandbox) == (1, 1)


def test_an_undeliverable_address_is_a_refusal(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    result = carrier.create_shipment(shipment(ship_to=NOWHERE))
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "undeliverable")
    assert carrier.cancel(compensate_shipping()).message == "nothing_to_compensate"
    assert sandbox.parcels() == []


def test_compensating_gives_a_bought_label_back_once(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    carrier.buy_label(label(shipment_id))
    assert carrier.cancel(compensate_shipping(shipment_id)).message == "label_refunded"
    assert carrier.cancel(compensate_shipping(shipment_id)).message == "label_refunded"
    assert carrier.cancel(compensate_shipping()).message == "label_refunded", "found by the order's id too"
    assert labels(sandbox) == (1, 0)


@pytest.mark.parametrize("known", [True, False])
def test_compensating_finds_nothing_to_compensation_before_a_label_is_bought(
    carrier: EasyPostCarrier, known: bool
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    assert carrier.cancel(compensate_shipping(shipment_id if known else None)).message == "nothing_to_compensate"


def test_compensating_a_parcel_that_was_never_announced_is_done(carrier: EasyPostCarrier) -> None:
    assert carrier.cancel(compensate_shipping()).message == "nothing_to_compensate"


def test_a_label_given_back_is_not_bought_again(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    carrier.buy_label(label(shipment_id))
    carrier.cancel(compensate_shipping(shipment_id))
    assert carrier.buy_label(label(shipment_id)).reason_code == "shipping_cancelled"
    assert labels(sandbox) == (1, 0)


def test_a_label_the_carrier_does_not_take_back_is_asked_for_again_and_then_a_fault(
    carrier: EasyPostCarrier, sandbox: Sandbox
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    carrier.buy_label(label(shipment_id))
    carrier.cancel(compensate_shipping(shipment_id))
    sandbox.post(f"/shipments/{shipment_id}/refund", {"status": "rejected"})
    sandbox.fault(operation="shipments.refund", kind="refuse", next=1)
    assert carrier.cancel(compensate_shipping(shipment_id)).outcome is Outcome.FAULTED
    assert carrier.cancel(compensate_shipping(shipment_id)).message == "label_refunded"


def test_a_parcel_under_way_is_not_given_back(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    code = carrier.buy_label(label(shipment_id)).reference
    sandbox.post(f"/trackers/{code}", {"status": "in_transit"})
    assert carrier.cancel(compensate_shipping(shipment_id)).outcome is Outcome.FAULTED


def test_an_order_with_the_reference_of_a_foreign_shipment_gets_its_own(
    carrier: EasyPostCarrier, sandbox: Sandbox
) -> None:
    other = carrier.create_shipment(shipment("order-2")).reference
    assert other is not None
    own = carrier.create_shipment(shipment(other)).reference
    assert own not in (None, other)
    assert sorted(row["reference"] for row in sandbox.parcels()) == sorted(["order-2", other])


@pytest.mark.parametrize(
    "changes",
    [
        {"weight_grams": 5_000},
        {"ship_to": CUSTOMER.model_copy(update={"name": "Grace Hopper"})},
        {"ship_to": ABROAD, "customs": DECLARED},
    ],
)
def test_a_parcel_of_another_order_under_the_same_id_is_neither_bought_for_nor_given_back(
    carrier: EasyPostCarrier, sandbox: Sandbox, changes: dict[str, Any]
) -> None:
    other = shipment(**changes)
    others = carrier.create_shipment(other).reference
    carrier.buy_label(label(others))
    assert (
        carrier.cancel(CancelShippingRequest(order_id=ORDER, announced=shipment())).message == "nothing_to_compensate"
    )
    own = carrier.create_shipment(shipment()).reference
    assert own not in (None, others)
    assert [row["label_active"] for row in sandbox.parcels()] == [True, False]


def test_two_shops_on_one_account_have_parcels_of_their_own(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    one = carrier.create_shipment(shipment(namespace="one.Hub")).reference
    assert carrier.create_shipment(shipment(namespace="other.Hub")).reference != one
    assert {row["reference"] for row in sandbox.parcels(ORDER)} == {f"one.Hub.{ORDER}", f"other.Hub.{ORDER}"}


def test_a_verified_address_is_still_the_orders_own(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    request = shipment(ship_to=CUSTOMER.model_copy(update={"name": "Ada  Byron"}))
    shipment_id = carrier.create_shipment(request).reference
    carrier.buy_label(label(shipment_id))
    assert carrier.create_shipment(request).reference == shipment_id


def test_a_wrong_api_key_is_a_fault(sandbox: Sandbox) -> None:
    stranger = EasyPostCarrier.connect("none", sandbox.easypost_url, WAREHOUSE)
    assert stranger.create_shipment(shipment()).outcome is Outcome.FAULTED
    assert stranger.buy_label(label("shp_1")).outcome is Outcome.FAULTED
    assert stranger.cancel(compensate_shipping()).outcome is Outcome.FAULTED


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.create"])
def test_one_parcel_is_announced_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    sandbox.fault(operation=operation, **fault)
    result = until_answered(lambda: carrier.create_shipment(shipment()))
    assert [row["id"] for row in sandbox.parcels()] == [result.reference]


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.buy"])
def test_one_label_is_bought_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    sandbox.fault(operation=operation, **fault)
    result = until_answered(lambda: carrier.buy_label(label(shipment_id)))
    assert [row["tracking_code"] for row in sandbox.parcels()] == [result.reference]
    assert labels(sandbox) == (1, 1)


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.buy"])
def test_one_label_is_bought_as_it_was_offered_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    announced = carrier.create_shipment(shipment())
    sandbox.fault(operation=operation, **fault)
    result = until_answered(lambda: carrier.buy_label(label_as_offered(announced)))
    assert [row["tracking_code"] for row in sandbox.parcels()] == [result.reference]
    assert labels(sandbox) == (1, 1)


@every_fault
def test_a_purchase_given_up_after_one_attempt_is_compensated(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    sandbox.fault(operation="shipments.buy", **fault)
    with pytest.raises(ProviderUnavailable):
        carrier.buy_label(label(shipment_id))
    assert until_answered(lambda: carrier.cancel(compensate_shipping(shipment_id))).outcome is Outcome.DONE
    assert labels(sandbox)[1] == 0


@every_fault
@pytest.mark.parametrize("operation", ["shipments.retrieve", "shipments.refund"])
def test_a_label_is_given_back_whatever_happens_on_the_way(
    carrier: EasyPostCarrier, sandbox: Sandbox, fault: dict[str, Any], operation: str
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    carrier.buy_label(label(shipment_id))
    sandbox.fault(operation=operation, **fault)
    assert until_answered(lambda: carrier.cancel(compensate_shipping(shipment_id))).message == "label_refunded"
    assert labels(sandbox) == (1, 0)


def test_a_purchase_that_arrives_after_its_compensation_buys_nothing(
    carrier: EasyPostCarrier, sandbox: Sandbox
) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    hasty = EasyPostCarrier.connect("EZTK_adapters", sandbox.easypost_url, WAREHOUSE, answer_s=1)
    sandbox.fault(operation="shipments.buy", kind="delay", delay_s=600, next=1)
    with pytest.raises(ProviderUnavailable):
        hasty.buy_label(label(shipment_id))
    assert carrier.cancel(compensate_shipping(shipment_id)).message == "nothing_to_compensate"
    sandbox.clear_faults()
    while not any(call["fault"] == "delay" for call in sandbox.calls(operation="shipments.buy")):
        pass
    assert labels(sandbox) == (0, 0)


def test_one_label_bought_by_many_at_once_is_bought_once(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    shipment_id = carrier.create_shipment(shipment()).reference
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: carrier.buy_label(label(shipment_id)), range(8)))
    [row] = sandbox.parcels()
    assert {result.reference for result in results} == {row["tracking_code"]}


@given(
    probabilities=st.fixed_dictionaries(
        {kind: st.sampled_from([0.0, 0.1, 0.3]) for kind in ("drop_before", "drop_after", "html", "fail_after")}
    ),
    seed=st.integers(0, 10_000),
    buys=st.booleans(),
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_sequence_of_faults_leaves_a_label_to_be_paid(
    probabilities: dict[str, float], seed: int, buys: bool
) -> None:
    with running_sandbox() as sandbox:
        carrier = EasyPostCarrier.connect("EZTK_adapters", sandbox.easypost_url, WAREHOUSE)
        for offset, (kind, probability) in enumerate(probabilities.items()):
            sandbox.fault(face="easypost", kind=kind, probability=probability, seed=seed + offset)
        announced = answer_or_none(lambda: carrier.create_shipment(shipment()))
        shipment_id = None if announced is None else announced.reference
        if buys and announced is not None:
            answer_or_none(lambda: carrier.buy_label(label_as_offered(announced)))
        sandbox.clear_faults()
        assert until_answered(lambda: carrier.cancel(compensate_shipping(shipment_id))).outcome is Outcome.DONE
        assert labels(sandbox)[1] == 0


LOOK = f"GET /v2/shipments/{ORDER}"
ANNOUNCE = "POST /v2/shipments"
VERIFY = "POST /v2/addresses"
SHIPMENT = "GET /v2/shipments/shp_1"
BUY = "POST /v2/shipments/shp_1/buy"
RERATE = "POST /v2/shipments/shp_1/rerate"
REFUND = "POST /v2/shipments/shp_1/refund"
UNBOUGHT: dict[str, Any] = {"id": "shp_1", "object": "Shipment", "rates": [{"id": "rate_1", "rate": "6.07"}]}
BOUGHT = UNBOUGHT | {"postage_label": {"id": "pl_1"}, "tracking_code": "9400"}
SECRETS = (CUSTOMER.name, CUSTOMER.street1, "EZTK_very_secret")
TALKATIVE = f"Cannot do this for {' and '.join(SECRETS)}"


@pytest.fixture
def scripted_carrier(script: Script) -> EasyPostCarrier:
    return EasyPostCarrier.connect("EZTK_very_secret", f"{script.url}/v2", WAREHOUSE)


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


def rate(rate_id: str, price: str | None, currency: str = "USD") -> dict[str, Any]:
    return {"id": rate_id, "object": "Rate", "rate": price, "currency": currency, "carrier": "X", "service": "S"}


@pytest.mark.parametrize(
    ("rates", "currency", "bought"),
    [
        ([rate("usd", "9.00"), rate("gbp", "8.50", "GBP")], "usd", "usd"),
        ([rate("usd", "9.00"), rate("gbp", "8.50", "GBP")], "gbp", "gbp"),
        ([rate("usd", "9.00"), rate("gbp", "8.50", "GBP")], "eur", "usd"),
        ([rate("gbp", "9.00", "GBP"), rate("kwd", "2.000", "KWD")], "eur", "gbp"),
        ([rate("dear", "10.00"), rate("cheap", "9.99"), rate("none", None), rate("other", "1", "ZZZ")], "usd", "cheap"),
    ],
)
def test_rates_are_compared_within_one_currency(
    scripted_carrier: EasyPostCarrier, script: Script, rates: list[Any], currency: str, bought: str
) -> None:
    script.answer(SHIPMENT, UNBOUGHT | {"rates": rates})
    script.answer(BUY, BOUGHT)
    wanted = BuyLabelRequest(order_id=ORDER, shipment_id="shp_1", max_cost_cents=5_000, currency=currency)
    assert scripted_carrier.buy_label(wanted).outcome is Outcome.DONE
    assert f'"id": "{bought}"' in script.bodies[BUY][0]


@pytest.mark.parametrize(
    ("rates", "handed_on"),
    [
        ([rate("dear", "10.00"), rate("cheap", "9.99")], {"rate_id": "cheap", "price": "9.99", "currency": "USD"}),
        ([rate("usd", "9.00"), rate("gbp", "8.50", "GBP")], None),
        ([rate("none", None)], None),
        ([rate("x" * 501, "9.99")], None),
        ([], None),
    ],
)
def test_an_offer_is_handed_on_where_the_orders_currency_does_not_decide(
    scripted_carrier: EasyPostCarrier, script: Script, rates: list[Any], handed_on: dict[str, str] | None
) -> None:
    script.answer(LOOK, {"error": {"code": "NOT_FOUND", "message": ""}}, 404)
    to_address = {"verifications": {"delivery": {"success": True}}}
    script.answer(ANNOUNCE, UNBOUGHT | {"rates": rates, "to_address": to_address})
    assert scripted_carrier.create_shipment(shipment()).handed_on == handed_on


@pytest.mark.parametrize(
    ("price", "rate_currency", "most", "currency", "outcome"),
    [
        ("10.00", "USD", 1_000, "usd", Outcome.DONE),
        ("10.01", "USD", 1_000, "usd", Outcome.REFUSED),
        ("0.001", "USD", 0, "usd", Outcome.REFUSED),
        ("500.00", "USD", None, "usd", Outcome.DONE),
        ("13227741.67", "USD", None, "usd", Outcome.REFUSED),
        ("1000.00", "USD", 1_000_000, "jpy", Outcome.DONE),
        ("1000000.00", "USD", 1_000_000, "jpy", Outcome.REFUSED),
    ],
)
def test_a_label_costs_no_more_than_it_may(
    scripted_carrier: EasyPostCarrier,
    script: Script,
    price: str,
    rate_currency: str,
    most: int | None,
    currency: str,
    outcome: Outcome,
) -> None:
    script.answer(SHIPMENT, UNBOUGHT | {"rates": [rate("only", price, rate_currency)]})
    script.answer(BUY, BOUGHT)
    wanted = BuyLabelRequest(order_id=ORDER, shipment_id="shp_1", max_cost_cents=most, currency=currency)
    result = scripted_carrier.buy_label(wanted)
    assert result.outcome is outcome
    assert (BUY in script.calls) is (outcome is Outcome.DONE)
    assert outcome is Outcome.DONE or result.reason_code == "shipping_too_expensive"


def test_a_parcel_across_a_border_is_declared(carrier: EasyPostCarrier, sandbox: Sandbox) -> None:
    """https://docs.easypost.com/docs/customs-infos and …/customs-items: values and weights are those of whole lines."""
    undeclared = carrier.create_shipment(shipment("bare", ship_to=ABROAD)).reference
    assert "Customs info required" in str(carrier.buy_label(label(undeclared, "bare")).message)
    shipment_id = str(carrier.create_shipment(shipment(ship_to=ABROAD, customs=DECLARED)).reference)
    assert carrier.buy_label(label(shipment_id)).outcome is Outcome.DONE
    info = EasyPostClient("EZTK_reader", api_base=sandbox.easypost_url).shipment.retrieve(shipment_id).customs_info
    [item] = info.customs_items
    assert (info.customs_certify, info.customs_signer, info.eel_pfc) == (True, "Jane Doe", "NOEEI 30.36")
    assert (item.quantity, item.value, item.currency, item.weight) == (2, "25.0", "USD", 42.328)
    assert (item.hs_tariff_number, item.origin_country) == ("6912.00", "PT")


@pytest.mark.parametrize(("grams", "ounces"), [(1, 0.1), (1_200, 42.4), (28, 1.0), (29, 1.1), (31_751, 1_120.0)])
def test_a_weight_is_rounded_up(carrier: EasyPostCarrier, sandbox: Sandbox, grams: int, ounces: float) -> None:
    shipment_id = str(carrier.create_shipment(shipment(weight_grams=grams)).reference)
    client = EasyPostClient("EZTK_reader", api_base=sandbox.easypost_url)
    assert client.shipment.retrieve(shipment_id).parcel.weight == ounces


def test_a_parcel_heavier_than_the_carrier_takes_is_a_refusal(carrier: EasyPostCarrier) -> None:
    """USPS takes 70 lb (https://pe.usps.com/text/dmm300/201.htm)."""
    shipment_id = carrier.create_shipment(shipment(weight_grams=31_752)).reference
    result = carrier.buy_label(label(shipment_id))
    assert (result.reason_code, result.message) == (
        "undeliverable",
        "no carrier takes this parcel: USPS: Weight exceeds maximum 70 lbs",
    )


def test_a_parcel_larger_than_the_carrier_takes_is_a_refusal(carrier: EasyPostCarrier) -> None:
    shipment_id = carrier.create_shipment(shipment(size_mm=(1_000, 1_000, 500))).reference
    assert carrier.buy_label(label(shipment_id)).reason_code == "undeliverable"


def test_an_address_has_the_fields_of_the_carrier(scripted_carrier: EasyPostCarrier, script: Script) -> None:
    script.answer(LOOK, {"error": {"code": "NOT_FOUND", "message": ""}}, 404)
    script.answer(ANNOUNCE, {"error": {"code": "ADDRESS.VERIFY.FAILURE", "message": "House number is missing"}}, 422)
    result = scripted_carrier.create_shipment(shipment())
    assert "House number is missing" in str(result.message)
    assert set(json.loads(script.bodies[ANNOUNCE][0])["shipment"]["to_address"]) == {
        "name", "street1", "city", "state", "zip", "country", "verify_strict"
    }  # fmt: skip


@pytest.mark.parametrize("verifications", [None, {}, {"zip4": {"success": True}}, {"delivery": {"success": False}}])
@pytest.mark.parametrize("was_announced", [True, False])
def test_an_address_that_was_not_verified_with_its_shipment_is_verified_by_itself(
    scripted_carrier: EasyPostCarrier, script: Script, verifications: Any, was_announced: bool
) -> None:
    verified = {"name": CUSTOMER.name, "country": CUSTOMER.country, "verifications": verifications}
    made = UNBOUGHT | {"reference": ORDER, "parcel": {"weight": 42.4}, "to_address": verified}
    if was_announced:
        script.answer(LOOK, made)
    else:
        script.answer(LOOK, {"error": {"code": "NOT_FOUND", "message": ""}}, 404)
        script.answer(ANNOUNCE, made)
    script.answer(VERIFY, {"error": {"code": "ADDRESS.VERIFY.FAILURE", "message": "No such street"}}, 422)
    script.answer(VERIFY, {"id": "adr_1", "object": "Address"})
    assert scripted_carrier.create_shipment(shipment()).reason_code == "undeliverable"
    assert scripted_carrier.create_shipment(shipment()).reference == "shp_1"


@pytest.mark.parametrize(
    ("given", "sent"),
    [({"state": "california"}, "CA"), ({"country": "JP", "state": "東京都", "postal_code": "100-0001"}, "東京都")],
)
def test_a_state_goes_by_its_code_where_the_country_has_codes(
    scripted_carrier: EasyPostCarrier, script: Script, given: dict[str, str], sent: str
) -> None:
    script.answer(LOOK, {"error": {"code": "NOT_FOUND", "message": ""}}, 404)
    script.answer(ANNOUNCE, {"error": {"code": "ADDRESS.VERIFY.FAILURE", "message": "No such street"}}, 422)
    scripted_carrier.create_shipment(shipment(ship_to=CUSTOMER.model_copy(update=given)))
    assert json.loads(script.bodies[ANNOUNCE][0])["shipment"]["to_address"]["state"] == sent


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


def test_a_label_that_is_only_billed_when_scanned_needs_no_refund(
    scripted_carrier: EasyPostCarrier, script: Script
) -> None:
    script.answer(SHIPMENT, BOUGHT)
    script.answer(REFUND, BOUGHT | {"refund_status": "not_applicable"})
    assert scripted_carrier.cancel(compensate_shipping("shp_1")).outcome is Outcome.DONE


def _assert_discreet(text: str) -> None:
    assert [secret for secret in SECRETS if secret in text] == []
