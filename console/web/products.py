"""Products as pages ask for them: one page of the catalogue, or the one that a path names."""

import asyncio
from typing import Annotated

from pydantic import Field

from console.web.visit import Visit
from domain.catalogue.product import Product
from domain.page import InvalidCursor, Page
from domain.refusals import Invalid
from domain.wire import Edge
from services.container import services
from triggers.http.support.request_params import unknown


class ProductsQuery(Edge):
    """The query of a list of products."""

    cursor: Annotated[str, Field(max_length=2_000)] | None = None


async def read_products(query: ProductsQuery, limit: int) -> Page[Product]:
    """Return one page of the catalogue.

    Raises:
        Invalid: The cursor does not come from it.
    """
    try:
        return await asyncio.to_thread(services().catalogue.list, cursor=query.cursor, limit=limit)
    except InvalidCursor:
        raise Invalid.of_field("cursor", "invalid_cursor", "Must come from this list") from None


async def product_of(visit: Visit) -> Product:
    """Return the product that the path names.

    Raises:
        Problem: 404 when the catalogue does not have it.
    """
    product = await asyncio.to_thread(services().catalogue.get, visit.id("product_id"))
    if product is None:
        raise unknown("product_id")
    return product
