"""Find the product that a path names."""

import asyncio

import azure.functions as func

from domain.catalogue.product import Product
from services.container import services
from triggers.http.support.request_params import path_id, unknown


async def known_product(request: func.HttpRequest) -> Product:
    """Return the product that the path names.

    Raises:
        Problem: 404 when the catalogue does not have it.
    """
    product_id = path_id(request, "product_id")
    product = await asyncio.to_thread(services().catalogue.get, product_id)
    if product is None:
        raise unknown("product_id")
    return product
