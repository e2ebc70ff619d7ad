"""Orders whose parcels cannot be sent are refused before anything is charged."""

from typing import Any

import pytest
from easypost.easypost_client import EasyPostClient

from sandbox.testing import Sandbox
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, running_shop, use_settings

BERLIN = {"name": "Max", "street1": "Hauptstr 1", "city": "Berlin", "postal_code": "10115", "country": "DE"}


async def sell(shop: Shop, quantity: int, **details: Any) -> None:
    product = {"name": "Anvil", "unit_price_cents": 1_000, "weight_grams": 500, **details}
    assert (await shop.put("products/anvil", product)).status == 201
    await shop.post("inventory/anvil/restock", {"quantity": quantity})
    await shop.host.run_until_idle()


def wanted(quantity: int, **changes: Any) -> dict[str, Any]:
    return order_request(order_id="o-1", lines=[{"product_id": "anvil", "quantity": quantity}], **changes)


@pytest.mark.parametrize(
    ("details", "quantity"),
    [
        ({"unit_price_cents": 1, "weight_grams": 1_000_000}, 5_000),
        ({"weight_grams": 68_039}, 1),
        ({"size_mm": [4_000, 10, 10]}, 1),
    ],
)
async def test_a_parcel_that_no_carrier_takes_is_refused(shop: Shop, details: dict[str, Any], quantity: int) -> None:
    await sell(shop, quantity, **details)
    refused = await shop.post("orders", wanted(quantity))
    assert refused.status == 422
    assert [(error["field"], error["rule"]) for error in refused.json()["errors"]] == [("lines", "parcel_too_large")]
    assert shop.sandbox.payments() == []


async def test_an_order_to_another_country_is_refused_by_a_shop_that_declares_nothing(shop: Shop) -> None:
    await sell(shop, 5)
    refused = await shop.post("orders", wanted(1, ship_to=BERLIN))
    assert refused.status == 422
    assert [(error["field"], error["rule"]) for error in refused.json()["errors"]] == [
        ("ship_to.country", "not_sent_abroad")
    ]


async def test_a_parcel_across_a_border_is_declared_and_sent(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox
) -> None:
    use_settings(monkeypatch, storage_connection, sandbox, CUSTOMS_SIGNER="Jane Doe", CUSTOMS_HS_CODE="7317.00")
    async with running_shop(sandbox) as shop:
        await sell(shop, 10, unit_price_cents=20_000)
        refused = await shop.post("orders", wanted(1, ship_to=BERLIN))
        assert refused.json()["errors"][0]["field"] == "lines[0].product_id", "its origin is not known"
        details = {"name": "Anvil", "unit_price_cents": 20_000, "origin_country": "SE", "size_mm": [200, 100, 100]}
        assert (await shop.put("products/anvil", details)).status == 200
        assert (await shop.get("products/anvil")).json()["size_mm"] == [200, 100, 100]
        assert (await shop.post("orders", wanted(2, ship_to=BERLIN))).status == 202
        await shop.host.run_until_idle()
        assert (await shop.get("orders/o-1")).json()["status"] == "completed"
    [parcel] = sandbox.parcels("o-1")
    sent = EasyPostClient("EZTK_reader", api_base=sandbox.easypost_url).shipment.retrieve(parcel["id"])
    [item] = sent.customs_info.customs_items
    assert (item.hs_tariff_number, item.origin_country, item.value) == ("7317.00", "SE", "400.0")
    assert (sent.parcel.length, sent.parcel.width, sent.parcel.height) == (7.9, 7.9, 4.0)


@pytest.mark.parametrize(
    ("settings", "price"),
    [({}, 100), ({"LABEL_MAX_PERCENT": "5"}, 10_000), ({"MAX_LABEL_CENTS": "600"}, 10_000)],
)
async def test_a_label_that_costs_too_much_is_not_bought_and_the_order_compensated(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, settings: dict[str, str], price: int
) -> None:
    use_settings(monkeypatch, storage_connection, sandbox, **settings)
    async with running_shop(sandbox) as shop:
        await sell(shop, 5, unit_price_cents=price)
        await shop.post("orders", wanted(1, ship_to=ADDRESS))
        await shop.host.run_until_idle()
        order = (await shop.get("orders/o-1")).json()
    assert (order["status"], order["reason_code"]) == ("rejected", "shipping_too_expensive")
    assert [(row["captured"], row["voided"]) for row in sandbox.payments("o-1")] == [(0, price)]
    assert [row["label_bought"] for row in sandbox.parcels("o-1")] == [False]
