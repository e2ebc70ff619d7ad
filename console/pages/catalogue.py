"""The catalogue: products, their prices, and whether they are for sale."""

import asyncio
from http import HTTPStatus
from typing import Annotated, Final, Literal

import azure.functions as func
from pydantic import Field

from console.web.fields import WHOLE_NUMBER, price
from console.web.page import page
from console.web.products import ProductsQuery, product_of, read_products
from console.web.rendering import address
from console.web.visit import Visit
from domain.catalogue.product import Grams, Product
from domain.identity import Role
from domain.ids import ProductId
from domain.wire import Currency, Edge
from services.catalogue_changes import ProductChanged
from services.catalogue_changes import save_product as save
from services.container import services
from services.input.documents import validated
from triggers.http.support.callers import caller

_MANAGERS: Final = frozenset({Role.CATALOGUE_MANAGER})
_PAGE_SIZE: Final = 50


class ProductForm(Edge):
    """A product as a person types it. What the form does not have stays as it is.

    Attributes:
        version: Of the product that the person has seen; None for a new one.
    """

    product_id: ProductId
    name: str
    price: Annotated[str, Field(max_length=20)]
    currency: Currency = "usd"
    weight_grams: Annotated[Grams, WHOLE_NUMBER] = 500
    for_sale: Literal["yes", "no"] = "no"
    version: Annotated[str, Field(max_length=100)] | None = None


@page("GET", "catalogue", menu="Catalogue")
async def show_catalogue(visit: Visit) -> func.HttpResponse:
    """Show one page of the catalogue."""
    products = await read_products(visit.query(ProductsQuery), _PAGE_SIZE)
    return visit.show(
        "catalogue.html", products=products.items, cursor=products.cursor, may_edit=caller().has(*_MANAGERS)
    )


@page("GET", "catalogue/{product_id}")
async def show_product(visit: Visit) -> func.HttpResponse:
    """Show a product, to be edited by those who may."""
    return visit.show(
        "product.html",
        product=await product_of(visit),
        may_edit=caller().has(*_MANAGERS),
        done=visit.request.params.get("done") == "saved",
    )


@page("POST", "catalogue/save", roles=_MANAGERS)
async def save_product(visit: Visit) -> func.HttpResponse:
    """Create a product, or replace what the form has of it, unless another person has changed it since."""
    form = visit.form(ProductForm)
    product = _typed(form, await asyncio.to_thread(services().catalogue.get, form.product_id))
    try:
        await asyncio.to_thread(save, product, lambda present: _version(present) == form.version)
    except ProductChanged as change:
        status, present = HTTPStatus.CONFLICT, change.present
        return visit.show("product_conflict.html", status, present=present, product=product, version=_version(present))
    return visit.go_to(address(f"catalogue/{product.product_id}", done="saved"))


def _typed(form: ProductForm, known: Product | None) -> Product:
    typed = {
        "product_id": form.product_id,
        "name": form.name,
        "unit_price_cents": price(form.price, form.currency),
        "currency": form.currency,
        "weight_grams": form.weight_grams,
        "for_sale": form.for_sale == "yes",
    }
    return validated(Product, ({} if known is None else dict(known)) | typed)


def _version(product: Product | None) -> str | None:
    return None if product is None else product.version
