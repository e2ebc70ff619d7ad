import pytest

from tests.support.shop import Shop

MUG = {"name": "Mug", "unit_price_cents": 1_000, "currency": "usd", "weight_grams": 350, "for_sale": True}


async def test_a_product_is_entered_then_replaced(shop: Shop):
    created = await shop.put("products/mug", MUG)
    assert (created.status, created.json()) == (201, {"product_id": "mug", **MUG})
    assert created.headers["Location"] == f"{shop.host.origin}/api/products/mug"
    replaced = await shop.put("products/mug", {**MUG, "unit_price_cents": 1_200})
    assert replaced.status == 200
    assert (await shop.get("products/mug")).json()["unit_price_cents"] == 1_200


async def put_if(shop: Shop, match: str, **change: object) -> int:
    headers = {"If-Match": match}
    return (await shop.host.http.request("PUT", "/api/products/mug", json={**MUG, **change}, headers=headers)).status


async def test_of_two_who_replace_the_version_that_both_have_seen_the_second_is_refused(shop: Shop):
    assert await put_if(shop, "*") == 412
    assert (await shop.put("products/mug", MUG)).status == 201
    seen = (await shop.get("products/mug")).headers["ETag"]
    assert await put_if(shop, f'"other", {seen}', name="First") == 200
    assert await put_if(shop, seen, name="Second") == 412
    assert await put_if(shop, seen, name="First") == 200  # a repeat whose answer was lost
    assert await put_if(shop, f"W/{(await shop.get('products/mug')).headers['ETag']}", name="Weak") == 412
    assert (await shop.get("products/mug")).json()["name"] == "First"
    assert await put_if(shop, "*", name="Third") == 200
    assert await put_if(shop, "no quotes") == 422


async def test_an_unknown_product_is_a_404(shop: Shop):
    unknown = await shop.get("products/ufo")
    assert (unknown.status, unknown.json()["code"]) == (404, "product_not_found")


async def test_the_catalogue_is_listed_page_by_page(shop: Shop):
    for name in ("cup", "mug", "pot"):
        await shop.put(f"products/{name}", MUG)
    first = (await shop.get("products", limit="2")).json()
    rest = (await shop.get("products", limit="2", cursor=first["next_cursor"])).json()
    assert [product["product_id"] for product in first["products"] + rest["products"]] == ["cup", "mug", "pot"]
    assert rest["next_cursor"] is None


async def test_an_empty_catalogue_is_an_empty_list(shop: Shop):
    assert (await shop.get("products")).json() == {"products": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit_price_cents": 0}, "unit_price_cents"),
        ({"unit_price_cents": 9.99}, "unit_price_cents"),
        ({"unit_price_cents": None}, "unit_price_cents"),
        ({"name": ""}, "name"),
        ({"currency": "dollars"}, "currency"),
        ({"weight_grams": -1}, "weight_grams"),
        ({"product_id": "cup"}, "product_id"),
    ],
)
async def test_a_product_of_another_form_is_refused_and_not_entered(shop: Shop, change, field):
    refused = await shop.put("products/mug", {**MUG, **change})
    assert refused.status == 422
    assert [error["field"] for error in refused.json()["errors"]] == [field]
    assert (await shop.get("products/mug")).status == 404


@pytest.mark.parametrize("product_id", ["m.u.g", "-mug", "4242424242424242"])
async def test_a_product_id_of_another_form_is_refused(shop: Shop, product_id):
    refused = await shop.put(f"products/{product_id}", MUG)
    assert refused.status == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["product_id"]
    assert (await shop.get("products")).json()["products"] == []


@pytest.mark.parametrize(
    ("details", "field", "rule"),
    [
        ({"unit_price_cents": 50_001, "currency": "ugx"}, "unit_price_cents", "currency_rule"),
        ({"unit_price_cents": 1_234, "currency": "kwd"}, "unit_price_cents", "currency_rule"),
        ({"unit_price_cents": 100, "currency": "zzz"}, "currency", "unknown_currency"),
        ({"unit_price_cents": 100, "currency": "USD"}, "currency", "string_pattern_mismatch"),
    ],
)
async def test_a_price_that_cannot_be_charged_is_refused(shop: Shop, details, field, rule):
    refused = await shop.put("products/mug", {"name": "Mug", **details})
    assert refused.status == 422
    assert [(error["field"], error["rule"]) for error in refused.json()["errors"]] == [(field, rule)]
