"""The catalogue on the real storage emulator."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.catalogue import CatalogueStore
from domain.catalogue.product import Product

MUG = Product(product_id="mug", name="Mug with “quotes”", unit_price_cents=1_250, weight_grams=400)


@pytest.fixture
def catalogue(storage: Storage) -> CatalogueStore:
    return CatalogueStore(storage)


def test_a_product_is_found_as_it_was_entered(catalogue: CatalogueStore) -> None:
    catalogue.put(MUG)
    assert catalogue.get("mug") == MUG


def test_entering_a_product_again_replaces_it(catalogue: CatalogueStore) -> None:
    catalogue.put(MUG)
    changed = MUG.model_copy(update={"unit_price_cents": 1_500, "for_sale": False, "currency": "eur"})
    catalogue.put(changed)
    assert catalogue.get("mug") == changed
    assert list(catalogue.list().items) == [changed]


def test_a_product_is_stored_only_in_the_place_of_the_one_that_was_read(catalogue: CatalogueStore) -> None:
    changed, other = (MUG.model_copy(update={"name": name}) for name in ("Cup", "Pot"))
    assert not catalogue.try_put(changed, MUG)
    assert catalogue.try_put(MUG, None)
    assert not catalogue.try_put(changed, None)
    assert catalogue.try_put(changed, MUG)
    assert not catalogue.try_put(other, MUG)
    assert catalogue.get("mug") == changed


def test_of_many_who_change_a_product_at_once_one_succeeds(catalogue: CatalogueStore) -> None:
    catalogue.put(MUG)
    changes = [MUG.model_copy(update={"name": f"Mug {number}"}) for number in range(8)]
    with ThreadPoolExecutor(len(changes)) as pool:
        stored = list(pool.map(lambda change: catalogue.try_put(change, MUG), changes))
    assert [catalogue.get("mug")] == [change for change, is_stored in zip(changes, stored, strict=True) if is_stored]


def test_of_several_products_those_that_exist_are_found(catalogue: CatalogueStore) -> None:
    products = {f"p{number}": MUG.model_copy(update={"product_id": f"p{number}"}) for number in range(20)}
    for product in products.values():
        catalogue.put(product)
    assert catalogue.get_many([*products, "unknown"]) == products
    assert catalogue.get_many(["p3"]) == {"p3": products["p3"]}
    assert catalogue.get_many([]) == {}


def test_an_empty_catalogue_sells_nothing(catalogue: CatalogueStore) -> None:
    assert catalogue.get("mug") is None
    assert catalogue.get_many(["mug", "cup"]) == {}
    assert list(catalogue.list().items) == []


def test_products_are_listed_page_by_page(catalogue: CatalogueStore) -> None:
    for product_id in ("cup", "mug", "pot"):
        catalogue.put(MUG.model_copy(update={"product_id": product_id}))
    first = catalogue.list(limit=2)
    second = catalogue.list(limit=2, cursor=first.cursor)
    assert [product.product_id for product in [*first.items, *second.items]] == ["cup", "mug", "pot"]
    assert second.cursor is None
