"""Stock, catalogue and the audit log in the console."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.console.pages import OPERATOR, send, visit
from tests.integration.console.test_order_page import MARKUP, has_text
from tests.support.order_requests import order_request
from tests.support.shop import Shop
from tests.support.stock import break_stock

MANAGER = "catalogue_manager"


async def units(shop: Shop) -> dict[str, int]:
    await shop.host.run_until_idle()
    answer: dict[str, int] = (await shop.get("inventory/mug")).json()
    return answer


async def test_stock_is_shown_restocked_once_and_adjusted_with_a_reason(shop: Shop):
    await shop.stock("mug", 5)
    await shop.post("orders", order_request())
    await shop.host.run_until_idle()
    page = await visit(shop, "stock", roles=OPERATOR)
    assert re.findall(r'<td class="number[^"]*">(\d+)</td>', page.text) == ["3", "0", "0", "2"]
    page = await visit(shop, "stock/mug", roles=OPERATOR)
    (key, _) = re.findall(r'name="key" value="(\w+)"', page.text)
    for _ in range(2):
        assert (await send(shop, "stock/mug/restock", roles=OPERATOR, quantity="4", key=key)).status == 303
    assert (await units(shop))["available"] == 7
    assert (await send(shop, "stock/mug/adjust", roles=OPERATOR, delta="-2", reason="broken", key="k")).status == 303
    assert (await units(shop))["available"] == 5
    refused = await send(shop, "stock/mug/adjust", roles=OPERATOR, delta="-50", reason="broken", key="l")
    assert (refused.status, has_text(refused, "only 5 available")) == (409, True)
    page = await visit(shop, "stock/mug", roles=OPERATOR)
    rows = re.findall(r'<td class="number">([^<]*).*?</td>\n<td>(.*?)</td>', page.text)
    moved = sorted((re.sub("<.*?>", "", why), units) for units, why in rows)
    assert moved[1:] == [("correction: broken", "-2"), ("delivery", "+4"), ("delivery", "+5")]
    assert (moved[0][0].startswith("Sold to order "), moved[0][1]) == (True, "-2")


async def test_a_stock_that_cannot_be_read_hides_no_other(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    for product_id, quantity in (("beans", 4), ("mug", 5)):
        await shop.stock(product_id, quantity)
    await shop.put("products/pot", {"name": "Pot", "unit_price_cents": 1_000})
    break_stock(monkeypatch, "beans")
    page = await visit(shop, "stock", roles=OPERATOR)
    assert has_text(page, "Its stock cannot be read.")
    assert re.findall(r'<td class="number[^"]*">(\d+)</td>', page.text) == ["5", "0", "0", "0", *"0000"]


@pytest.mark.parametrize("quantity", ["", "0", "-1", "1.5", "many", "9" * 12])
async def test_a_quantity_that_is_none_is_explained(shop: Shop, quantity: str):
    await shop.stock("mug", 5)
    answer = await send(shop, "stock/mug/restock", roles=OPERATOR, quantity=quantity, key="k")
    assert (answer.status, "<b>quantity</b>" in answer.text) == (422, True)


async def version_on(shop: Shop, path: str) -> str:
    (version,) = re.findall(r'name="version" value="(\w+)"', (await visit(shop, path, roles=MANAGER)).text)
    return str(version)


async def test_the_second_of_two_who_save_a_product_sees_both_values(shop: Shop):
    await shop.put("products/mug", {"name": "Mug", "unit_price_cents": 900, "size_mm": [1, 2, 3]})
    seen = await version_on(shop, "catalogue/mug")
    form = {"product_id": "mug", "currency": "usd", "weight_grams": "500", "for_sale": "yes", "version": seen}
    first, second = {**form, "name": "Mug", "price": "10.00"}, {**form, "name": MARKUP, "price": "12.00"}
    assert (await send(shop, "catalogue/save", roles=MANAGER, **first)).status == 303
    assert (await send(shop, "catalogue/save", roles=MANAGER, **first)).status == 303  # a double click
    late = await send(shop, "catalogue/save", roles=MANAGER, who="hedy", **second)
    assert (late.status, MARKUP in late.text) == (409, False)
    assert has_text(late, "Another change came first", "10.00 USD", "12.00 USD", "the same")
    assert (await shop.get("products/mug")).json()["unit_price_cents"] == 1_000
    (now,) = re.findall(r'name="version" value="(\w+)"', late.text)
    assert (await send(shop, "catalogue/save", roles=MANAGER, who="hedy", **(second | {"version": now}))).status == 303
    saved = (await shop.get("products/mug")).json()
    assert (saved["unit_price_cents"], saved["size_mm"]) == (1_200, [1, 2, 3])
    as_new = {**first, "version": ""}
    assert (await send(shop, "catalogue/save", roles=MANAGER, **as_new)).status == 409


async def test_a_product_is_created_and_edited_and_keeps_what_the_form_has_not(shop: Shop):
    sides = {"name": "Mug", "unit_price_cents": 900, "size_mm": [1, 2, 3], "hs_code": "691110"}
    assert (await shop.put("products/mug", sides)).status == 201
    form = {"product_id": "mug", "name": MARKUP, "price": "12.50", "currency": "usd", "weight_grams": "700"}
    form |= {"version": await version_on(shop, "catalogue/mug")}
    assert (await send(shop, "catalogue/save", roles=MANAGER, **form)).status == 303
    saved = (await shop.get("products/mug")).json()
    assert (saved["unit_price_cents"], saved["for_sale"], saved["size_mm"]) == (1_250, False, [1, 2, 3])
    for path in ("catalogue", "catalogue/mug", "stock", "stock/mug"):
        page = await visit(shop, path, roles=MANAGER)
        assert (page.status, MARKUP in page.text, "onerror" in page.text) == (200, False, True), path
    new = {**form, "version": "", "product_id": "new", "name": "New", "price": "1,000", "currency": "jpy"}
    refused = await send(shop, "catalogue/save", roles=MANAGER, **new)
    assert (refused.status, has_text(refused, "Must be an amount such as 12.50")) == (422, True)
    assert (await send(shop, "catalogue/save", roles=MANAGER, **(new | {"price": "1000"}))).status == 303
    assert (await shop.get("products/new")).json()["unit_price_cents"] == 1_000


async def test_customs_data_and_shards_are_edited_and_what_is_wrong_is_said_at_its_field(shop: Shop):
    page = await visit(shop, "catalogue", roles=MANAGER)
    form = dict(re.findall(r'name="(\w+)" inputmode="\w+" maxlength="\d+" value="([^"]*)"', page.text))
    assert {"hs_code", "origin_country", "stock_shards", "length_mm", "weight_grams"} <= form.keys()
    form |= {"product_id": "mug", "name": MARKUP, "price": "9.00"}
    wrong = {"hs_code": "69", "origin_country": "usa", "stock_shards": "17", "weight_grams": "heavy", "height_mm": "-1"}
    refused = await send(shop, "catalogue/save", roles=MANAGER, **(form | wrong))
    assert (refused.status, MARKUP in refused.text, "onerror" in refused.text) == (422, False, True)
    marked = re.findall(r'id="(\w+)"[^>]*aria-invalid="true" aria-describedby="(\w+)-hint"', refused.text)
    assert {name for name, _ in marked} == {name for _, name in marked} == wrong.keys()
    assert 'value="heavy"' in refused.text
    half = await send(shop, "catalogue/save", roles=MANAGER, **(form | {"length_mm": "10", "currency": "xxx"}))
    assert (half.status, 'href="#currency"' in half.text) == (422, True)
    half = await send(shop, "catalogue/save", roles=MANAGER, **(form | {"length_mm": "10"}))
    assert set(re.findall(r'href="#(\w+)"', half.text)) >= {"width_mm", "height_mm"}
    right = {"hs_code": "6912.00", "origin_country": "pt", "stock_shards": "4"}
    right |= {"length_mm": "30", "width_mm": "20", "height_mm": "10"}
    assert (await send(shop, "catalogue/save", roles=MANAGER, **(form | right))).status == 303
    saved = (await shop.get("products/mug")).json()
    assert (saved["hs_code"], saved["origin_country"], saved["stock_shards"]) == ("6912.00", "PT", 4)
    assert saved["size_mm"] == [30, 20, 10]
    empty = {**form, "hs_code": "", "length_mm": "", "version": await version_on(shop, "catalogue/mug")}
    assert (await send(shop, "catalogue/save", roles=MANAGER, **empty)).status == 303
    assert {"hs_code", "size_mm"}.isdisjoint((await shop.get("products/mug")).json())


async def test_each_role_changes_its_own_goods_only(shop: Shop):
    await shop.stock("mug", 5)
    assert "<form" not in (await visit(shop, "stock/mug", roles="auditor")).text
    assert "<form" not in (await visit(shop, "catalogue/mug", roles=OPERATOR)).text
    assert (await send(shop, "stock/mug/restock", roles="auditor", quantity="1", key="k")).status == 403
    assert (await send(shop, "catalogue/save", roles=OPERATOR, product_id="mug")).status == 403
    assert (await visit(shop, "stock", roles="approver")).status == 403


async def test_what_people_do_in_the_console_is_in_the_audit_log_for_auditors(shop: Shop):
    await shop.stock("mug", 5)
    await send(shop, "stock/mug/restock", roles=OPERATOR, who="grace <b>", quantity="1", key="k")
    await send(shop, "orders/none/cancel", roles=OPERATOR, who="hedy")
    page = await visit(shop, "audit", roles="auditor")
    assert has_text(
        page, "grace &lt;b&gt;", "console stock/{product_id}/restock", "/console/stock/mug/restock", "303", "404"
    )
    only = (await visit(shop, "audit?who=hedy", roles="auditor")).text.split("<tbody>")[1]
    assert ("/console/orders/none/cancel" in only, "grace" in only) == (True, False)
    tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    assert has_text(await visit(shop, "audit", roles="auditor", since=tomorrow), "Nothing was recorded.")
    assert (await visit(shop, "audit", roles=OPERATOR)).status == 403
