"""The stock of each product: what there is of it, how it moved, and who may change it."""

import uuid
from datetime import UTC, datetime
from typing import Annotated, Final

import azure.functions as func
from pydantic import Field

from console.web.fields import WHOLE_NUMBER
from console.web.page import ORDER_READERS, page
from console.web.products import ProductsQuery, product_of, read_products
from console.web.rendering import address
from console.web.visit import Visit
from domain.identity import Role
from domain.inventory.movements import adjust, restock
from domain.inventory.requests import AdjustRequest, CorrectionReason, RestockRequest, UnitsFound, UnitsReceived
from domain.inventory.stock import Stock
from domain.keyed_changes import ChangeKey
from domain.wire import Edge
from services.inventory.recent_movements import recent_movements
from services.inventory.stock import move_stock, read_stock, read_stocks
from triggers.http.support.callers import caller

_READERS: Final = frozenset({Role.OPERATOR, Role.CATALOGUE_MANAGER, Role.AUDITOR})
_MOVERS: Final = frozenset({Role.OPERATOR, Role.CATALOGUE_MANAGER})
_PAGE_SIZE: Final = 25
_SHOWN_MOVEMENTS_COUNT: Final = 20


class DeliveryForm(Edge):
    """Goods that have arrived. The key is the page's, so that a form that is sent twice counts once."""

    quantity: Annotated[UnitsReceived, WHOLE_NUMBER]
    key: ChangeKey


class CorrectionForm(Edge):
    """A correction after counting."""

    delta: Annotated[UnitsFound, WHOLE_NUMBER]
    reason: Annotated[CorrectionReason, Field()]
    key: ChangeKey


@page("GET", "stock", roles=_READERS, menu="Stock")
async def show_stocks(visit: Visit) -> func.HttpResponse:
    """Show the products of one page with their stock."""
    products = await read_products(visit.query(ProductsQuery), _PAGE_SIZE)
    stocks, unreadable = await read_stocks(visit.client, (each.product_id for each in products.items))
    shown: dict[str, Stock | None] = {**stocks, **dict.fromkeys(unreadable)}
    rows = tuple((each, shown.get(each.product_id, Stock())) for each in products.items)
    return visit.show("stocks.html", rows=rows, cursor=products.cursor)


@page("GET", "stock/{product_id}", roles=_READERS)
async def show_stock(visit: Visit) -> func.HttpResponse:
    """Show the stock of one product, with its recent movements."""
    product = await product_of(visit)
    stock = await read_stock(visit.client, product.product_id) or Stock()
    return visit.show(
        "stock.html",
        product=product,
        stock=stock,
        movements=await recent_movements(product.product_id, stock, _SHOWN_MOVEMENTS_COUNT),
        key=uuid.uuid4().hex,
        may_move=caller().has(*_MOVERS),
        may_read_orders=caller().has(*ORDER_READERS),
        done=visit.request.params.get("done") == "moved",
    )


@page("POST", "stock/{product_id}/restock", roles=_MOVERS)
async def restock_in_console(visit: Visit) -> func.HttpResponse:
    """Add goods that have arrived."""
    product, form = await product_of(visit), visit.form(DeliveryForm)
    request = RestockRequest(key=form.key, requested_at=datetime.now(UTC), quantity=form.quantity)
    await move_stock(visit.client, product.product_id, restock, request)
    return _back(visit, product.product_id)


@page("POST", "stock/{product_id}/adjust", roles=_MOVERS)
async def adjust_in_console(visit: Visit) -> func.HttpResponse:
    """Correct the count of a product."""
    product, form = await product_of(visit), visit.form(CorrectionForm)
    request = AdjustRequest(key=form.key, requested_at=datetime.now(UTC), delta=form.delta, reason=form.reason)
    await move_stock(visit.client, product.product_id, adjust, request)
    return _back(visit, product.product_id)


def _back(visit: Visit, product_id: str) -> func.HttpResponse:
    return visit.go_to(address(f"stock/{product_id}", done="moved"))
