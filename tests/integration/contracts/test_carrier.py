"""What every carrier adapter promises (`domain.ports.Carrier`), held against the carrier's own ledger."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, Protocol

import pytest

from adapters.easypost import labels as easypost_labels
from adapters.easypost.carrier import EasyPostCarrier
from domain.errors import ProviderUnavailable
from domain.ports import Carrier
from domain.shipping.labels import CarrierLabel, FindLabel, ListLabels
from domain.shipping.shipment import BuyLabelRequest, CancelShippingRequest, LabelOffer, ShipmentRequest
from domain.workflows.steps import Outcome, StepResult
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import CUSTOMER, NOWHERE, WAREHOUSE, until_answered

FEW_CALLS = range(1, 7)
"""No operation makes more calls than this before it is done."""


class Labels(NamedTuple):
    """What the carrier's own ledger says of an order. paid: labels bought and not given back. bought: ever."""

    paid: int
    bought: int


class CarrierSide(Protocol):
    """One adapter, with its ledger and how to disturb it."""

    carrier: Carrier

    def labels(self) -> Labels:
        """Return what the ledger says, read past the adapter."""

    def losing(self, *calls: int) -> AbstractContextManager[None]:
        """Lose the answers to these calls, counted from 1."""

    def away(self) -> Carrier:
        """Return the carrier at an address where nothing listens."""


@dataclass
class EasyPostSide:
    """EasyPost's SDK over HTTP, to the sandbox."""

    sandbox: Sandbox

    def __post_init__(self) -> None:
        self.carrier: Carrier = EasyPostCarrier.connect("EZTK_contract", self.sandbox.easypost_url, WAREHOUSE)

    def labels(self) -> Labels:
        rows = self.sandbox.parcels()
        return Labels(sum(row["label_active"] for row in rows), sum(row["label_bought"] for row in rows))

    @contextmanager
    def losing(self, *calls: int) -> Iterator[None]:
        self.sandbox.fault(face="easypost", kind="drop_after", calls=calls)
        yield
        self.sandbox.clear_faults()

    def away(self) -> Carrier:
        return EasyPostCarrier.connect("EZTK_contract", "http://127.0.0.1:1/v2", WAREHOUSE)


@pytest.fixture(params=[EasyPostSide])
def side(request: pytest.FixtureRequest, sandbox: Sandbox) -> CarrierSide:
    chosen: CarrierSide = request.param(sandbox)
    return chosen


def shipment(**changes: Any) -> ShipmentRequest:
    usual = {"order_id": "order-1", "ship_to": CUSTOMER, "weight_grams": 1_200, "namespace": "shop.hub"}
    return ShipmentRequest(**usual | changes)


def label(shipment_id: str | None, **changes: Any) -> BuyLabelRequest:
    return BuyLabelRequest(**{"order_id": "order-1", "shipment_id": str(shipment_id)} | changes)


def cancellation(shipment_id: str | None = None) -> CancelShippingRequest:
    return CancelShippingRequest(order_id="order-1", shipment_id=shipment_id, announced=shipment())


def label_as_offered(side: CarrierSide) -> BuyLabelRequest:
    """Return the purchase of the announced parcel, with what the announcement hands on."""
    result = side.carrier.create_shipment(shipment())
    return label(result.reference, offer=LabelOffer.of(result))


def announced(side: CarrierSide) -> str:
    result = side.carrier.create_shipment(shipment())
    assert result.outcome is Outcome.DONE, result
    return str(result.reference)


def test_a_parcel_is_announced_once_and_costs_nothing(side: CarrierSide) -> None:
    assert announced(side) == announced(side)
    assert side.labels() == Labels(0, 0)


@pytest.mark.parametrize("is_offered", [True, False])
def test_a_label_is_bought_once_however_often_it_is_asked_for(side: CarrierSide, is_offered: bool) -> None:
    wanted = label_as_offered(side) if is_offered else label(announced(side))
    first, second = (side.carrier.buy_label(wanted) for _ in range(2))
    assert first == second
    assert first.outcome is Outcome.DONE
    assert first.reference
    assert first.facts is not None
    assert first.facts["carrier"]
    assert first.facts["tracking_url"].startswith("https://")
    assert side.labels() == Labels(1, 1)


def test_an_address_without_delivery_is_a_refusal(side: CarrierSide) -> None:
    result = side.carrier.create_shipment(shipment(ship_to=NOWHERE))
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "undeliverable")
    assert NOWHERE.name not in str(result.message)


def test_a_label_above_the_cap_is_not_bought(side: CarrierSide) -> None:
    result = side.carrier.buy_label(label(announced(side), max_cost_cents=1))
    assert (result.outcome, result.reason_code) == (Outcome.REFUSED, "shipping_too_expensive")
    assert side.labels() == Labels(0, 0)


@pytest.mark.parametrize("knows_id", [True, False])
def test_a_bought_label_is_given_back_once(side: CarrierSide, knows_id: bool) -> None:
    shipment_id = announced(side)
    side.carrier.buy_label(label(shipment_id))
    for _ in range(2):
        result = side.carrier.cancel(cancellation(shipment_id if knows_id else None))
        assert (result.outcome, result.message) == (Outcome.DONE, "label_refunded")
    assert side.labels() == Labels(0, 1)
    again = side.carrier.buy_label(label(shipment_id))
    assert (again.outcome, again.reason_code) == (Outcome.REFUSED, "shipping_cancelled")
    assert side.labels() == Labels(0, 1)


@pytest.mark.parametrize("is_announced", [True, False])
def test_without_a_label_there_is_nothing_to_compensate(side: CarrierSide, is_announced: bool) -> None:
    if is_announced:
        announced(side)
    for _ in range(2):
        result = side.carrier.cancel(cancellation())
        assert (result.outcome, result.message) == (Outcome.DONE, "nothing_to_compensate")
    assert side.labels() == Labels(0, 0)


def test_the_parcel_of_another_shop_with_this_order_id_is_left_alone(side: CarrierSide) -> None:
    theirs = side.carrier.create_shipment(shipment(namespace="other.hub")).reference
    side.carrier.buy_label(label(theirs))
    assert announced(side) != theirs
    assert side.carrier.cancel(cancellation()).message == "nothing_to_compensate"
    assert side.labels() == Labels(1, 1)


@pytest.mark.parametrize("lost", FEW_CALLS)
@pytest.mark.parametrize("operation", ["create", "buy", "buy_as_offered", "give_back", "nothing"])
def test_an_unanswered_insert_changes_nothing(side: CarrierSide, operation: str, lost: int) -> None:
    shipment_id = "" if operation == "create" else announced(side)
    offered = label_as_offered(side) if operation == "buy_as_offered" else None
    if operation == "give_back":
        side.carrier.buy_label(label(shipment_id))

    def send() -> StepResult:
        if operation == "create":
            return side.carrier.create_shipment(shipment())
        if operation in ("buy", "buy_as_offered"):
            return side.carrier.buy_label(offered or label(shipment_id))
        return side.carrier.cancel(cancellation())

    with side.losing(lost):
        result = until_answered(send)
    assert result.outcome is Outcome.DONE, result
    assert send() == result
    expected = {"buy": Labels(1, 1), "buy_as_offered": Labels(1, 1), "give_back": Labels(0, 1)}.get(
        operation, Labels(0, 0)
    )
    assert side.labels() == expected


def test_a_carrier_that_is_away_is_worth_another_try_and_its_error_says_nothing_private(side: CarrierSide) -> None:
    away = side.away()
    for call in (
        lambda: away.create_shipment(shipment()),
        lambda: away.buy_label(label("shp_1")),
        lambda: away.cancel(cancellation()),
        lambda: away.list_labels(ListLabels(namespace="shop.hub", since=NOW, until=NOW)),
        lambda: away.find_label(FindLabel(namespace="shop.hub", shipment_id="shp_1")),
    ):
        with pytest.raises(ProviderUnavailable) as caught:
            call()
        assert not any(text in str(caught.value) for text in (CUSTOMER.name, CUSTOMER.street1, "EZTK"))
        assert caught.value.__cause__ is None


NOW = datetime.now(UTC)


def listed(side: CarrierSide, **changes: Any) -> list[CarrierLabel]:
    """Return every label of the shop that was announced around now."""
    span = {"since": NOW - timedelta(hours=1), "until": NOW + timedelta(hours=1)}
    wanted = ListLabels(**{"namespace": "shop.hub", **span, **changes})
    found: list[CarrierLabel] = []
    page = side.carrier.list_labels(wanted)
    while page.cursor is not None:
        found += page.items
        page = side.carrier.list_labels(wanted.model_copy(update={"cursor": page.cursor}))
    return [*found, *page.items]


def found(side: CarrierSide, shipment_id: str, namespace: str = "shop.hub") -> CarrierLabel | None:
    return side.carrier.find_label(FindLabel(namespace=namespace, shipment_id=shipment_id))


def test_labels_of_the_shop_are_listed_as_they_are_now(side: CarrierSide) -> None:
    shipment_id = announced(side)
    assert not any(each.is_paid for each in listed(side))
    side.carrier.buy_label(label(shipment_id))
    theirs = side.carrier.create_shipment(shipment(namespace="other.hub")).reference
    side.carrier.buy_label(label(theirs))
    bought = CarrierLabel(shipment_id=shipment_id, order_id="order-1", is_paid=True, is_used=False)
    assert (listed(side), found(side, shipment_id)) == ([bought], bought)
    assert [each.shipment_id for each in listed(side, namespace="other.hub")] == [theirs]
    side.carrier.cancel(cancellation(shipment_id))
    given_back = bought.model_copy(update={"is_paid": False})
    assert (listed(side), found(side, shipment_id)) == ([given_back], given_back)


def test_a_label_is_listed_in_the_span_of_its_announcement_alone(side: CarrierSide) -> None:
    side.carrier.buy_label(label(announced(side)))
    hour = timedelta(hours=1)
    assert listed(side, since=NOW - 40 * 24 * hour, until=NOW - hour) == []
    assert listed(side, since=NOW + hour, until=NOW + 40 * 24 * hour) == []
    assert len(listed(side, since=NOW - 40 * 24 * hour)) == 1


def test_many_labels_are_listed_page_by_page(side: CarrierSide, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(easypost_labels, "_PAGE_SIZE", 2)
    wanted = [shipment(order_id=f"order-{number}") for number in range(5)]
    ids = {str(side.carrier.create_shipment(each).reference) for each in wanted}
    for shipment_id in ids:
        side.carrier.buy_label(label(shipment_id))
    assert sorted(each.shipment_id for each in listed(side)) == sorted(ids)


def test_a_label_that_is_not_the_shops_is_not_found(side: CarrierSide) -> None:
    shipment_id = announced(side)
    assert found(side, shipment_id, "other.hub") is None
    assert found(side, "shp_none") is None
