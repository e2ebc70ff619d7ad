"""Keep the catalogue: one table row per product."""

import json
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_changes import creation, overwriting, submit
from adapters.azure_storage.table_pages import read_page
from adapters.azure_storage.table_values import long, plain
from domain.catalogue.product import Product
from domain.page import Page

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

PRODUCTS: Final = "products"
_PARTITION: Final = "product"
# An order has 50 lines at most: a few rounds of this many look-ups.
_READ_CONCURRENCY: Final = 8


class CatalogueStore:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(PRODUCTS)

    def get(self, product_id: str) -> Product | None:
        """Return one product; None when there is none of this id."""
        with storage_errors("the catalogue"):
            row = self._find(product_id)
        return None if row is None else _product(row)

    def get_many(self, product_ids: Collection[str]) -> dict[str, Product]:
        """Return those of the products that exist, by id."""
        if len(product_ids) == 1:
            found = [self.get(*product_ids)]
        else:
            with ThreadPoolExecutor(_READ_CONCURRENCY) as pool:
                found = list(pool.map(self.get, product_ids))
        return {product.product_id: product for product in found if product is not None}

    def list(self, *, cursor: str | None = None, limit: int = 50) -> Page[Product]:
        """Return products by id. Raises InvalidCursor."""
        with storage_errors("the catalogue"):
            return created_on_first_use(
                lambda: read_page(self._table, _PARTITION, {}, _product, cursor=cursor, limit=limit),
                lambda: create_table(self._table),
            )

    def put(self, product: Product) -> None:
        """Store a product, or replace it."""
        from azure.data.tables import UpdateMode

        entity = _entity(product)
        with storage_errors("the catalogue"):
            created_on_first_use(
                lambda: self._table.upsert_entity(entity, mode=UpdateMode.REPLACE),
                lambda: create_table(self._table),
            )

    def try_put(self, product: Product, known: Product | None) -> bool:
        """Store a product in the place of one that was read, or where there was none; False when it is no longer so."""
        with storage_errors("the catalogue"):
            row = self._find(product.product_id)
            if (None if row is None else _product(row)) != known:
                return False
            entity = _entity(product)
            return submit(
                self._table, [creation(entity) if row is None else overwriting(entity, str(row.metadata["etag"]))]
            )

    def _find(self, product_id: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(_PARTITION, product_id)
        except ResourceNotFoundError:  # the row, or the table with it
            return None


def _entity(product: Product) -> dict[str, Any]:
    row = {"PartitionKey": _PARTITION, "RowKey": product.product_id, **product.to_wire()}
    return {**row, "unit_price_cents": long(product.unit_price_cents), "size_mm": json.dumps(product.size_mm)}


def _product(entity: "TableEntity") -> Product:
    fields = {field: plain(entity[field]) for field in Product.model_fields if field in entity}
    size = json.loads(fields.pop("size_mm", "null"))
    return Product.model_validate({**fields, "size_mm": size and tuple(size)})
