"""The label that is bought: the cheapest rate of one currency, and none that costs more than it may."""

from typing import Any

import pytest

from adapters.easypost.carrier import EasyPostCarrier
from domain.shipping.shipment import BuyLabelRequest, LabelOffer
from domain.workflows.steps import Outcome
from sandbox.testing import Sandbox
from tests.integration.adapters.examples import ORDER, label, labels, shipment
from tests.integration.adapters.scripted import Script
from tests.integration.adapters.scripted_easypost import ANNOUNCE, BOUGHT, BUY, LOOK, SHIPMENT, UNBOUGHT, rate


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
