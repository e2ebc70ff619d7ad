"""Addresses and parcels through the real EasyPost SDK."""

from typing import Any

import pytest
import requests
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.errors.api.unauthorized_error import UnauthorizedError

from sandbox.testing import Sandbox
from sandbox_tests.builders import GOOD_ADDRESS, UNDELIVERABLE_ADDRESS


def test_a_good_address_is_verified_and_standardised(carrier: EasyPostClient) -> None:
    address = carrier.address.create(verify=True, **GOOD_ADDRESS)
    assert address.id.startswith("adr_")
    assert address.street1 == "388 TOWNSEND ST"
    assert address.verifications.delivery.success is True


def test_without_verification_an_address_is_taken_as_it_is(carrier: EasyPostClient) -> None:
    address = carrier.address.create(**UNDELIVERABLE_ADDRESS)
    assert address.street1 == UNDELIVERABLE_ADDRESS["street1"]
    assert address.verifications.to_dict() == {}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"street1": "1 Undeliverable Way"}, "E.ADDRESS.NOT_FOUND"),
        ({"zip": "00000"}, "E.ADDRESS.NOT_FOUND"),
        ({"street1": ""}, "E.STREET1.MISSING"),
    ],
)
def test_verification_says_what_is_wrong_and_strict_verification_refuses(
    carrier: EasyPostClient, wrong: dict[str, str], code: str
) -> None:
    address = {**GOOD_ADDRESS, **wrong}
    found = carrier.address.create(verify=True, **address).verifications.delivery
    assert found.success is False
    assert code in [error.code for error in found.errors]
    with pytest.raises(InvalidRequestError) as refused:
        carrier.address.create(verify_strict=True, **address)
    assert refused.value.http_status == 422
    assert refused.value.code == "ADDRESS.VERIFY.FAILURE"
    assert refused.value.errors
    assert code in [error["code"] for error in refused.value.errors]


@pytest.mark.parametrize("asked", [True, False, ["delivery"]])
def test_a_shipment_verifies_where_it_goes_to_if_that_asks_for_it(carrier: EasyPostClient, asked: object) -> None:
    def create(to_address: dict[str, Any], from_address: dict[str, Any] = GOOD_ADDRESS) -> Any:
        return carrier.shipment.create(to_address=to_address, from_address=from_address, parcel={"weight": 10})

    shipment = create({**GOOD_ADDRESS, "verify_strict": asked}, {**UNDELIVERABLE_ADDRESS, "verify_strict": asked})
    assert shipment.to_address.verifications.delivery.success is True
    assert shipment.to_address.street1 == "388 TOWNSEND ST"
    assert shipment.from_address.verifications.to_dict() == {}
    with pytest.raises(InvalidRequestError) as refused:
        create({**UNDELIVERABLE_ADDRESS, "verify_strict": asked})
    assert (refused.value.http_status, refused.value.code) == (422, "ADDRESS.VERIFY.FAILURE")
    found = create({**UNDELIVERABLE_ADDRESS, "verify": asked}).to_address.verifications.delivery
    assert found.success is False
    assert len(carrier.shipment.all(purchased=False)["shipments"]) == 2


def test_an_address_can_be_verified_later(carrier: EasyPostClient) -> None:
    good = carrier.address.create(**GOOD_ADDRESS)
    assert carrier.address.verify(good.id).verifications.delivery.success is True
    bad = carrier.address.create(**UNDELIVERABLE_ADDRESS)
    with pytest.raises(InvalidRequestError):
        carrier.address.verify(bad.id)
    with pytest.raises(InvalidRequestError):
        carrier.address.create_and_verify(**UNDELIVERABLE_ADDRESS)


def test_addresses_are_retrieved_and_listed_page_by_page(carrier: EasyPostClient) -> None:
    made = [carrier.address.create(**GOOD_ADDRESS).id for _ in range(3)]
    assert carrier.address.retrieve(made[0]).zip == "94107"
    first = carrier.address.all(page_size=2)
    rest = carrier.address.get_next_page(first, page_size=2)
    assert [one.id for one in (*first["addresses"], *rest["addresses"])] == made[::-1]


@pytest.mark.parametrize(
    ("address", "absent"),
    [
        ({"country": "HK", "state": "Kowloon"}, None),
        ({"country": "IE", "city": "Cork"}, None),
        ({"country": "SG", "zip": "018956"}, None),
        ({"country": "IL"}, "E.CITY.MISSING"),
        ({"country": "DE", "city": "Berlin"}, "E.ZIP.MISSING"),
    ],
)
def test_an_address_needs_what_addresses_of_its_country_need(
    carrier: EasyPostClient, address: dict[str, str], absent: str | None
) -> None:
    """See https://chromium-i18n.appspot.com/ssl-address ."""
    found = carrier.address.create(verify=True, name="Ada", street1="1 Main Street", **address)
    codes = [error.code for error in found.verifications.delivery.errors]
    assert codes == ([] if absent is None else ["E.ADDRESS.NOT_FOUND", absent])


@pytest.mark.parametrize("weight", [None, 0, -1, "heavy", True])
def test_a_parcel_needs_a_weight(carrier: EasyPostClient, weight: object) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        carrier.parcel.create(weight=weight, length=1)
    assert refused.value.errors[0]["field"] == "weight"


def test_an_unknown_id_and_an_unknown_path_are_not_found(carrier: EasyPostClient) -> None:
    with pytest.raises(NotFoundError):
        carrier.address.retrieve("adr_missing")
    with pytest.raises(NotFoundError):
        carrier.batch.retrieve("batch_missing")


@pytest.mark.parametrize("key", ["EZAKproductionkey", "sk_test_sandbox", "nonsense"])
def test_a_key_that_is_no_test_key_is_refused(sandbox: Sandbox, key: str) -> None:
    client = EasyPostClient(key, api_base=sandbox.easypost_url)
    with pytest.raises(UnauthorizedError) as refused:
        client.address.all()
    assert refused.value.code == "APIKEY.INACTIVE"
    client._requests_session.close()


@pytest.mark.parametrize("body", ["{", "[1]", ""])
def test_a_body_that_is_no_json_object_is_refused(sandbox: Sandbox, body: str) -> None:
    response = requests.post(f"{sandbox.easypost_url}/shipments", data=body, auth=("EZTK_sandbox", ""), timeout=60)
    assert response.status_code in (400, 422)
    assert set(response.json()["error"]) == {"code", "message", "errors"}
