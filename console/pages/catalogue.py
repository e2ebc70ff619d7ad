"""The catalogue: products, their prices and customs data, and whether they are for sale."""

import asyncio
from http import HTTPStatus
from typing import Final

import azure.functions as func

from console.web.page import page
from console.web.product_form import ProductForm, form_values, product_facts, typed_product
from console.web.products import ProductsQuery, product_of, read_products
from console.web.rendering import address
from console.web.visit import Visit
from domain.catalogue.product import Product
from domain.identity import Role
from domain.refusals import Invalid
from services.catalogue_changes import ProductChanged
from services.catalogue_changes import save_product as save
from services.container import services
from services.input.documents import validated
from triggers.http.support.callers import caller

_MANAGERS: Final = frozenset({Role.CATALOGUE_MANAGER})
_PAGE_SIZE: Final = 50


@page("GET", "catalogue", menu="Catalogue")
async def show_catalogue(visit: Visit) -> func.HttpResponse:
    """Show one page of the catalogue."""
    products = await read_products(visit.query(ProductsQuery), _PAGE_SIZE)
    return visit.show(
        "catalogue.html",
        products=products.items,
        cursor=products.cursor,
        may_edit=caller().has(*_MANAGERS),
        values=form_values(None),
    )


@page("GET", "catalogue/{product_id}")
async def show_product(visit: Visit) -> func.HttpResponse:
    """Show a product, to be edited by those who may."""
    product = await product_of(visit)
    return visit.show(
        "product.html",
        product=product,
        facts=product_facts(product),
        values=form_values(product),
        may_edit=caller().has(*_MANAGERS),
        done=visit.request.params.get("done") == "saved",
    )


@page("POST", "catalogue/save", roles=_MANAGERS)
async def save_product(visit: Visit) -> func.HttpResponse:
    """Create a product, or replace what the form has of it, unless another person has changed it since."""
    typed = visit.typed()
    try:
        form = validated(ProductForm, typed)
        product = typed_product(form, await asyncio.to_thread(services().catalogue.get, form.product_id))
    except Invalid as refusal:
        errors = {error.field: error.message for error in reversed(refusal.errors)}
        return visit.show(
            "product_errors.html",
            HTTPStatus.UNPROCESSABLE_ENTITY,
            values=typed,
            version=typed.get("version"),
            errors=errors,
        )
    try:
        await asyncio.to_thread(_save, product, form.version or None)
    except ProductChanged as change:
        return _conflict(visit, change.present, product)
    return visit.go_to(address(f"catalogue/{product.product_id}", done="saved"))


def _save(product: Product, version: str | None) -> None:
    if product.stock_shards > 1:
        services().inventory_notes.note_split(product.product_id)
    save(product, lambda present: _version(present) == version)


def _conflict(visit: Visit, present: Product | None, product: Product) -> func.HttpResponse:
    saved, yours = {} if present is None else product_facts(present), product_facts(product)
    return visit.show(
        "product_conflict.html",
        HTTPStatus.CONFLICT,
        product_id=product.product_id,
        rows=[(name, saved[name], yours[name]) for name in saved],
        values=form_values(product),
        version=_version(present),
    )


def _version(product: Product | None) -> str | None:
    return None if product is None else product.version
