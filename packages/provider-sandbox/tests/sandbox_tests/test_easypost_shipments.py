"""Shipments and trackers through the real EasyPost SDK."""

from typing import Any

import pytest
from easypost.easypost_client import EasyPostClient
from easypost.errors.api.invalid_request_error import InvalidRequestError
from easypost.errors.api.not_found_error import NotFoundError
from easypost.errors.general.filtering_error import FilteringError

from sandbox.testing import Sandbox
from sandbox_tests.builders import GOOD_ADDRESS, UNDELIVERABLE_ADDRESS, shipment


@pytest.fixture
def booked(carrier: EasyPostClient) -> Any:
    """Return a shipment of order-1 with its label bought."""
    made = carrier.shipment.create(**shipment())
    return carrier.shipment.buy(made.id, rate=made.lowest_rate())


def test_a_shipment_gets_rates_and_its_label_is_bought(carrier: EasyPostClient, sandbox: Sandbox) -> None:
    made = carrier.shipment.create(**shipment())
    assert {rate.service for rate in made.rates} == {"Express", "Priority", "GroundAdvantage"}
    assert made.postage_label is None
    bought = carrier.shipment.buy(made.id, rate=made.lowest_rate())
    assert bought.selected_rate.service == "GroundAdvantage"
    assert bought.postage_label.label_url.endswith(".png")
    assert bought.tracker.tracking_code == bought.tracking_code
    [entry] = sandbox.parcels("order-1")
    assert (entry["label_bought"], entry["label_active"], entry["cost"]) == (True, True, "6.07")


def test_postage_is_not_bought_twice(carrier: EasyPostClient, sandbox: Sandbox, booked: Any) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        carrier.shipment.buy(booked.id, rate=booked.lowest_rate())
    assert refused.value.code == "SHIPMENT.POSTAGE.EXISTS"
    assert len(sandbox.parcels()) == 1


def test_the_reference_stands_for_the_id(carrier: EasyPostClient) -> None:
    made = carrier.shipment.create(**shipment("order-7"))
    assert carrier.shipment.retrieve("order-7").id == made.id
    carrier.shipment.buy("order-7", rate=made.lowest_rate())
    assert carrier.shipment.refund("order-7").refund_status == "submitted"


def test_of_several_shipments_with_one_reference_the_newest_is_found(carrier: EasyPostClient) -> None:
    carrier.shipment.create(**shipment())
    newest = carrier.shipment.create(**shipment())
    assert carrier.shipment.retrieve("order-1").id == newest.id


def test_an_undeliverable_destination_gets_no_rates(carrier: EasyPostClient) -> None:
    made = carrier.shipment.create(**shipment(to_address=UNDELIVERABLE_ADDRESS))
    assert made.rates == []
    assert made.messages[0].type == "rate_error"
    with pytest.raises(FilteringError):
        made.lowest_rate()


def test_addresses_and_parcel_may_be_given_by_id(carrier: EasyPostClient) -> None:
    address = carrier.address.create(**GOOD_ADDRESS)
    parcel = carrier.parcel.create(weight=33, length=1, width=1, height=1)
    made = carrier.shipment.create(to_address=address, from_address={"id": address.id}, parcel=parcel)
    assert (made.to_address.id, made.from_address.id, made.parcel.id) == (address.id, address.id, parcel.id)
    assert min(float(rate.rate) for rate in made.rates) == 7.27


@pytest.mark.parametrize("missing", ["to_address", "from_address", "parcel"])
def test_a_missing_part_is_named(carrier: EasyPostClient, sandbox: Sandbox, missing: str) -> None:
    given = shipment()
    del given[missing]
    with pytest.raises(InvalidRequestError) as refused:
        carrier.shipment.create(**given)
    assert refused.value.code == "PARAMETER.REQUIRED"
    details: Any = refused.value.errors
    assert details == [{"field": missing, "message": "cannot be blank"}]
    assert sandbox.parcels() == []


def test_a_rate_of_another_shipment_buys_nothing(carrier: EasyPostClient, sandbox: Sandbox) -> None:
    mine, other = carrier.shipment.create(**shipment("a")), carrier.shipment.create(**shipment("b"))
    with pytest.raises(NotFoundError):
        carrier.shipment.buy(mine.id, rate=other.lowest_rate())
    with pytest.raises(InvalidRequestError):
        carrier.shipment.buy(mine.id)
    assert not any(entry["label_bought"] for entry in sandbox.parcels())


def test_a_label_is_refunded_when_the_carrier_agrees(carrier: EasyPostClient, sandbox: Sandbox, booked: Any) -> None:
    assert carrier.shipment.refund(booked.id).refund_status == "submitted"
    assert sandbox.parcels()[0]["label_active"] is False
    sandbox.post(f"/shipments/{booked.id}/refund", {"status": "refunded"})
    settled = carrier.shipment.retrieve(booked.id)
    assert (settled.refund_status, settled.fees[0].refunded) == ("refunded", True)


def test_a_rejected_refund_may_be_requested_again(carrier: EasyPostClient, sandbox: Sandbox, booked: Any) -> None:
    carrier.shipment.refund(booked.id)
    with pytest.raises(InvalidRequestError, match="already been requested"):
        carrier.shipment.refund(booked.id)
    sandbox.post(f"/shipments/{booked.id}/refund", {"status": "rejected"})
    assert sandbox.parcels()[0]["label_active"] is True
    assert carrier.shipment.refund(booked.id).refund_status == "submitted"


@pytest.mark.parametrize("status", ["in_transit", "out_for_delivery", "delivered", "return_to_sender"])
def test_a_shipped_parcel_is_not_refunded(carrier: EasyPostClient, sandbox: Sandbox, booked: Any, status: str) -> None:
    sandbox.post("/trackers/order-1", {"status": status})
    with pytest.raises(InvalidRequestError) as refused:
        carrier.shipment.refund(booked.id)
    assert refused.value.code == "SHIPMENT.REFUND.UNAVAILABLE"
    assert sandbox.parcels()[0]["tracking_status"] == status


def test_what_was_not_bought_is_not_refunded(carrier: EasyPostClient) -> None:
    made = carrier.shipment.create(**shipment())
    with pytest.raises(InvalidRequestError) as refused:
        carrier.shipment.refund(made.id)
    assert refused.value.code == "SHIPMENT.REFUND.UNAVAILABLE"


def test_only_bought_shipments_are_listed_unless_asked(carrier: EasyPostClient, booked: Any) -> None:
    unbought = carrier.shipment.create(**shipment("order-2"))
    assert [one.id for one in carrier.shipment.all()["shipments"]] == [booked.id]
    everything = carrier.shipment.all(purchased=False)["shipments"]
    assert [one.id for one in everything] == [unbought.id, booked.id]


def test_a_list_is_of_the_shipments_that_were_made_in_a_span_of_time(
    carrier: EasyPostClient, sandbox: Sandbox, booked: Any
) -> None:
    """https://docs.easypost.com/docs/shipments: by `created_at`, a month where an end of the span is left out."""
    sandbox.advance(40 * 86_400)
    later = carrier.shipment.create(**shipment("order-2"))
    carrier.shipment.buy(later.id, rate=later.lowest_rate())

    def listed(**span: str) -> list[str]:
        return [one.id for one in carrier.shipment.all(**span)["shipments"]]

    made_at, later_at = booked.created_at, later.created_at
    assert listed() == listed(start_datetime=later_at) == [later.id]
    assert listed(start_datetime=made_at) == [*listed(end_datetime=later_at), booked.id] == [booked.id]
    assert listed(start_datetime=made_at, end_datetime=later_at) == [booked.id]
    assert listed(start_datetime=made_at[:10], end_datetime="2999-01-01") == [later.id, booked.id]
    with pytest.raises(InvalidRequestError) as refused:
        carrier.shipment.all(start_datetime="yesterday")
    details: Any = refused.value.errors
    assert details == [{"field": "start_datetime", "message": "must be a time in ISO 8601"}]


def test_a_list_is_read_page_by_page(carrier: EasyPostClient, booked: Any) -> None:
    ids = [booked.id]
    for number in range(4):
        made = carrier.shipment.create(**shipment(f"paged-{number}"))
        ids.insert(0, carrier.shipment.buy(made.id, rate=made.lowest_rate()).id)
    first = carrier.shipment.all(page_size=2)
    second = carrier.shipment.get_next_page(first, page_size=2)
    third = carrier.shipment.all(page_size=2, before_id=second["shipments"][-1].id)
    pages = (first, second, third)
    assert [one.id for each in pages for one in each["shipments"]] == ids
    assert [each["has_more"] for each in pages] == [True, True, False]
    assert [one.id for one in carrier.shipment.all(after_id=ids[2])["shipments"]] == ids[:2]
    with pytest.raises(InvalidRequestError):
        carrier.shipment.all(page_size=101)
    with pytest.raises(NotFoundError):
        carrier.shipment.all(before_id="shp_none")


def test_rates_can_be_made_anew(carrier: EasyPostClient) -> None:
    made = carrier.shipment.create(**shipment())
    fresh = carrier.shipment.regenerate_rates(made.id)["rates"]
    assert {rate.id for rate in fresh}.isdisjoint(rate.id for rate in made.rates)
    assert carrier.shipment.buy(made.id, rate=fresh[0]).tracking_code


def test_a_tracker_has_where_the_parcel_is(carrier: EasyPostClient, sandbox: Sandbox, booked: Any) -> None:
    assert carrier.tracker.retrieve(booked.tracker.id).status == "unknown"
    sandbox.post(f"/trackers/{booked.tracking_code}", {"status": "delivered"})
    tracker = carrier.tracker.retrieve(booked.tracker.id)
    assert (tracker.status, tracker.finalized) == ("delivered", True)
    assert [detail.status for detail in tracker.tracking_details] == ["delivered"]
    assert carrier.shipment.retrieve(booked.id).status == "delivered"


def test_trackers_are_made_once_per_code_and_found_by_it(carrier: EasyPostClient) -> None:
    first = carrier.tracker.create(tracking_code="EZ4000000004", carrier="UPS")
    assert first.status == "delivered"
    assert carrier.tracker.create(tracking_code="EZ4000000004").id == first.id
    carrier.tracker.create(tracking_code="EZ1000000001")
    assert [one.id for one in carrier.tracker.all(tracking_code="EZ4000000004")["trackers"]] == [first.id]
    assert [one.id for one in carrier.tracker.all(carrier="UPS")["trackers"]] == [first.id]


def test_an_unknown_shipment_or_tracker_is_not_found(carrier: EasyPostClient) -> None:
    for attempt in (
        lambda: carrier.shipment.retrieve("shp_missing"),
        lambda: carrier.shipment.refund("order-missing"),
        lambda: carrier.tracker.retrieve("trk_missing"),
    ):
        with pytest.raises(NotFoundError):
            attempt()
