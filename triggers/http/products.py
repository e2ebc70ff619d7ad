"""The catalogue over HTTP."""

import asyncio
from http import HTTPStatus
from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.catalogue.product import Product, ProductDetails
from domain.ids import ProductId
from domain.wire import Wire
from services.container import services
from triggers.http.support.links import resource
from triggers.http.support.paging import PageQuery, read_page
from triggers.http.support.problems import answers_problems
from triggers.http.support.request_body import read_body, refuse_card_numbers, validated
from triggers.http.support.request_params import path_id, read_query, unknown
from triggers.http.support.responses import answer

bp = df.Blueprint()

PRODUCTS: Final = "products"
PRODUCT: Final = "products/{product_id}"


class ProductList(Wire):
    """One page of products. next_cursor: for the next one; None on the last."""

    products: tuple[Product, ...]
    next_cursor: str | None


@bp.route(route=PRODUCTS, methods=["GET"])
@answers_problems
async def list_products(req: func.HttpRequest) -> func.HttpResponse:
    """One page of the catalogue, by product id."""
    page = await read_page(services().catalogue.list, read_query(req, PageQuery))
    return answer(ProductList(products=tuple(page.items), next_cursor=page.cursor))


@bp.route(route=PRODUCT, methods=["GET"])
@answers_problems
async def get_product(req: func.HttpRequest) -> func.HttpResponse:
    """200, or 404."""
    return answer(await known_product(req))


@bp.route(route=PRODUCT, methods=["PUT"])
@answers_problems
async def put_product(req: func.HttpRequest) -> func.HttpResponse:
    """201 for a new product, 200 when one was replaced. Orders that were placed keep the price they were placed at."""
    details = read_body(req, ProductDetails)
    named = {"product_id": req.route_params["product_id"]}
    refuse_card_numbers(named)
    product = validated(Product, named | dict(details))
    existed = await asyncio.to_thread(services().catalogue.get, product.product_id)
    await asyncio.to_thread(services().catalogue.put, product)
    if existed:
        return answer(product)
    return answer(product, HTTPStatus.CREATED, {"Location": resource(req, PRODUCT, PRODUCTS, product.product_id)})


async def known_product(req: func.HttpRequest) -> Product:
    """The product that the path names. Raises Problem (404)."""
    product_id = path_id(req, "product_id", ProductId)
    product = await asyncio.to_thread(services().catalogue.get, product_id)
    if product is None:
        raise unknown("product_id")
    return product
