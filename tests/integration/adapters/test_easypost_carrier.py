"""A parcel is announced once, its label bought once and given back once."""

from typing import Any

import pytest

from adapters.easypost.carrier import EasyPostCarrier
from domain.errors import ProviderUnavailable
from domain.shipping.shipment import CancelShippingRequest
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import (
    ABROAD,
    CUSTOMER,
    DECLARED,
    NOWHERE,
    ORDER,
    WAREHOUSE,
    compensate_shipping,
    label,
    label_as_offered,
    labels,
    shipment,
)


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
    with pytest.raises(ProviderUnavailable):
        carrier.buy_label(label_as_offered(announced))
    assert labels(sandbox) == (0, 0)


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
def test_compensating_finds_nothing_to_compensate_before_a_label_is_bought(
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
