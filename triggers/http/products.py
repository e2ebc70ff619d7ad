"""List, show, create and replace products."""

import asyncio
from collections.abc import Collection
from http import HTTPStatus

import azure.durable_functions as df
import azure.functions as func

from domain.catalogue.product import Product, ProductDetails
from domain.identity import EVERY_ROLE, Role
from domain.wire import Wire
from services.catalogue_changes import ProductChanged, save_product
from services.container import services
from services.input.documents import refuse_card_numbers, validated
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.problems import Problem
from triggers.http.support.products import known_product
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import IF_MATCH, expected_versions, read_query
from triggers.http.support.responses import answer

bp = df.Blueprint()


class ProductList(Wire):
    """One page of products. `next_cursor` is for the next page, null on the last one."""

    products: tuple[Product, ...]
    next_cursor: str | None


@operation(
    bp,
    "GET",
    "products",
    roles=EVERY_ROLE,
    query=PageQuery,
    answers={200: ProductList},
)
async def list_products(req: func.HttpRequest) -> func.HttpResponse:
    """List the catalogue, sorted by product id."""
    page = await read_page(services().catalogue.list, read_query(req, PageQuery))
    return answer(ProductList(products=tuple(page.items), next_cursor=page.cursor))


@operation(
    bp,
    "GET",
    "products/{product_id}",
    roles=EVERY_ROLE,
    answers={200: Product},
    has_etag=True,
)
async def get_product(req: func.HttpRequest) -> func.HttpResponse:
    """Return a product."""
    product = await known_product(req)
    return answer(product, headers=_etag(product))


@operation(
    bp,
    "PUT",
    "products/{product_id}",
    roles=frozenset({Role.CATALOGUE_MANAGER}),
    body=ProductDetails,
    answers={200: Product, 201: Product},
    problems={412: "The product is not, or no longer, of a version that `If-Match` names."},
    request_headers={IF_MATCH: "Replaces the product only if it has this `ETag`, or with `*` if it is there."},
    has_etag=True,
)
async def put_product(req: func.HttpRequest) -> func.HttpResponse:
    """Create or replace a product.

    The status is 201 for a new product and 200 for a replaced one. Orders keep the price at which they were placed. Of two who
    change it at once the later one counts, unless that one sends `If-Match`.
    """
    details = read_body(req, ProductDetails)
    named = {"product_id": req.route_params["product_id"]}
    refuse_card_numbers(named)
    product = validated(Product, named | dict(details))
    versions = expected_versions(req)
    if product.stock_shards > 1:
        await asyncio.to_thread(services().inventory_notes.note_split, product.product_id)
    existed = await asyncio.to_thread(_put, product, versions)
    if existed:
        return answer(product, headers=_etag(product))
    location = resource("products", product.product_id)
    return answer(product, HTTPStatus.CREATED, {"Location": location, **_etag(product)})


def _put(product: Product, versions: Collection[str] | None) -> bool:
    """Store a product; return whether it was there. versions: of which one must be there, or `*` for any."""
    catalogue = services().catalogue
    if versions is None:
        existed = catalogue.get(product.product_id) is not None
        catalogue.put(product)
        return existed
    try:
        save_product(product, lambda present: present is not None and not {"*", present.version}.isdisjoint(versions))
    except ProductChanged as change:
        raise Problem(HTTPStatus.PRECONDITION_FAILED, change.code, change.detail) from None
    return True


def _etag(product: Product) -> dict[str, str]:
    return {"ETag": f'"{product.version}"'}
