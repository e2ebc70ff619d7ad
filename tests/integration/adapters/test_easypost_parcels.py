"""What the carrier is sent of a parcel: its weight and size, its address and its customs declaration."""

import json
from typing import Any

import pytest
from easypost.easypost_client import EasyPostClient

from adapters.easypost.carrier import EasyPostCarrier
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import ABROAD, CUSTOMER, DECLARED, ORDER, label, shipment
from tests.integration.adapters.scripted import Script
from tests.integration.adapters.scripted_easypost import ANNOUNCE, LOOK, UNBOUGHT, VERIFY


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
