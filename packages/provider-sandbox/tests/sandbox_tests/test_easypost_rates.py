"""What the carrier takes, and what it says of what it does not."""

from typing import Any

import pytest
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.api_error import ApiError

from sandbox_tests.builders import GOOD_ADDRESS, shipment

BERLIN = {"name": "Max", "street1": "Hauptstr 1", "city": "Berlin", "zip": "10115", "country": "DE"}
LONDON = {"name": "Kay", "street1": "1 High St", "city": "London", "zip": "SW1A 1AA", "country": "GB"}
ITEM = {
    "description": "Sweet shirts",
    "quantity": 2,
    "value": 23.25,
    "weight": 11,
    "hs_tariff_number": "654321",
    "origin_country": "US",
}
CUSTOMS = {"eel_pfc": "NOEEI 30.37(a)", "customs_certify": True, "customs_signer": "Jane", "customs_items": [ITEM]}


def offered(carrier: EasyPostClient, **changes: Any) -> tuple[set[str], list[str]]:
    """Return the currencies of the rates, and the messages."""
    made = carrier.shipment.create(**shipment(**changes))
    return {rate.currency for rate in made.rates}, [message.message for message in made.messages]


@pytest.mark.parametrize(("ounces", "taken"), [(1_120, True), (1_120.1, False), (176_370_000, False)])
def test_a_parcel_may_weigh_70_pounds(carrier: EasyPostClient, ounces: float, taken: bool) -> None:
    """See https://pe.usps.com/text/dmm300/201.htm ."""
    currencies, messages = offered(carrier, parcel={"weight": ounces})
    assert (currencies, messages) == (({"USD"}, []) if taken else (set(), ["Weight exceeds maximum 70 lbs"]))


@pytest.mark.parametrize(("length", "taken"), [(70, True), (71, False)])
def test_length_and_girth_may_be_130_inches(carrier: EasyPostClient, length: float, taken: bool) -> None:
    parcel = {"weight": 10, "length": length, "width": 20, "height": 10}
    assert bool(offered(carrier, parcel=parcel)[0]) is taken


@pytest.mark.parametrize(
    ("customs_info", "message"),
    [
        (None, "Customs info required for international rates."),
        ({**CUSTOMS, "eel_pfc": None}, "Customs info: EEL/PFC is required for exports from the US."),
        ({**CUSTOMS, "customs_items": [ITEM, ITEM]}, "Customs info: the items weigh more than the parcel."),
        (CUSTOMS, None),
    ],
)
def test_a_parcel_across_a_border_needs_customs_information(
    carrier: EasyPostClient, customs_info: Any, message: str | None
) -> None:
    """See https://docs.easypost.com/guides/customs-guide ."""
    currencies, messages = offered(carrier, to_address=BERLIN, customs_info=customs_info)
    assert (currencies, messages) == (({"USD"}, []) if message is None else (set(), [message]))


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"customs_items": []}, "customs_items"),
        ({"customs_signer": ""}, "customs_signer"),
        ({"contents_type": "other"}, "contents_explanation"),
        ({"contents_type": "toys"}, "contents_type"),
        ({"restriction_type": "quarantine"}, "restriction_comments"),
        ({"customs_items": [{**ITEM, "value": 0}]}, "value"),
        ({"customs_items": [{**ITEM, "weight": 0}]}, "weight"),
        ({"customs_items": [{**ITEM, "origin_country": "USA"}]}, "origin_country"),
        ({"customs_items": [{**ITEM, "hs_tariff_number": None}]}, "hs_tariff_number"),
    ],
)
def test_wrong_customs_information_is_refused_by_field(carrier: EasyPostClient, wrong: Any, field: str) -> None:
    """See https://docs.easypost.com/docs/customs-infos and …/customs-items ."""
    with pytest.raises(ApiError) as refused:
        offered(carrier, to_address=BERLIN, customs_info={**CUSTOMS, **wrong})
    assert (refused.value.http_status, refused.value.errors[0]["field"]) == (422, field)


@pytest.mark.parametrize(("from_address", "currency"), [(GOOD_ADDRESS, "USD"), (LONDON, "GBP"), (BERLIN, "EUR")])
def test_a_carrier_asks_for_its_own_currency(carrier: EasyPostClient, from_address: Any, currency: str) -> None:
    assert offered(carrier, from_address=from_address, to_address=from_address)[0] == {currency}
