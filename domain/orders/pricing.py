"""Price a request from the catalogue, or name the field that cannot be priced."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from domain.catalogue.product import PricedLine, Product, price_lines, total_cents
from domain.catalogue.shards import shard_of
from domain.errors import (
    AmountDiffers,
    AmountNotChargeable,
    AmountTooLarge,
    MixedCurrencies,
    NotShippable,
    UnknownProduct,
)
from domain.money import Limit
from domain.orders.order import Order, OrderRequest
from domain.orders.policy import OrderPolicy
from domain.payments.providers import ProviderName, chosen_provider, method_problem, offer_problem
from domain.refusals import OrderNotAcceptable
from domain.shipping.rules import ShippingRules, check_parcel, declaration

_REFUSALS: Final = (
    UnknownProduct,
    MixedCurrencies,
    AmountTooLarge,
    AmountNotChargeable,
    AmountDiffers,
    NotShippable,
)
# The fields that a request and its order share by name, and that pricing does not calculate, are copied.
_TAKEN_OVER: Final = sorted((OrderRequest.model_fields.keys() & Order.model_fields.keys()) - {"order_id", "lines"})


class OrderTerms(NamedTuple):
    """What a shop takes an order under.

    Attributes:
        currency: The order's.
        policy: The settings under which the order is accepted.
        limit: The most that the order may cost.
        shipping: The parcels that can be sent.
        providers: The payment providers that the shop offers.
    """

    currency: str
    policy: OrderPolicy
    limit: Limit
    shipping: ShippingRules
    providers: Sequence[ProviderName]


def priced_order(
    request: OrderRequest, order_id: str, products: Mapping[str, Product], terms: OrderTerms, now: datetime
) -> Order:
    """Return the order at today's prices. products: the known ones, by id. now: the time of acceptance.

    Raises:
        OrderNotAcceptable: A field breaks a rule; the error names both.
    """
    provider = _provider(request, terms.providers)
    try:
        lines = price_lines(request.wanted_lines(), products, terms.currency, terms.limit)
        _check_amount(request, lines)
        check_parcel(lines, terms.shipping)
        customs = declaration(lines, products, terms.currency, request.ship_to, terms.shipping)
    except _REFUSALS as refusal:
        raise _refused(request, refusal) from None
    return Order(
        order_id=order_id,
        lines=tuple(_in_shard(line, order_id, products[line.product_id]) for line in lines),
        currency=terms.currency,
        payment_method=request.payment.payment_method,
        placed_at=now,
        policy=terms.policy,
        payment_provider=provider,
        customs=customs,
        **{name: getattr(request, name) for name in _TAKEN_OVER},
    )


def _in_shard(line: PricedLine, order_id: str, product: Product) -> PricedLine:
    shard = shard_of(order_id, line.product_id, product.stock_shards)
    return line if shard == 0 else line.model_copy(update={"stock_shard": shard})


def _provider(request: OrderRequest, offered: Sequence[ProviderName]) -> ProviderName:
    payment = request.payment
    provider = chosen_provider(payment.provider, offered)
    problem = offer_problem(provider, offered) or method_problem(
        provider, has_method=payment.payment_method is not None
    )
    if problem is not None:
        raise OrderNotAcceptable(f"payment.{problem.field}", problem.rule, problem.message)
    return provider


def _check_amount(request: OrderRequest, lines: Sequence[PricedLine]) -> None:
    stated, total = request.payment.amount_cents, total_cents(lines)
    if stated is not None and stated != total:
        raise AmountDiffers(stated, total)


def _refused(request: OrderRequest, refusal: Exception) -> OrderNotAcceptable:
    match refusal:
        case UnknownProduct(line=line):
            return OrderNotAcceptable(
                _product_field(request, line), "unknown_product", "The catalogue does not sell this product"
            )
        case MixedCurrencies(line=line) if request.payment.currency is None:
            message = "Priced in another currency than the shop's: name it in payment.currency"
            return OrderNotAcceptable(_product_field(request, line), "mixed_currencies", message)
        case MixedCurrencies(line=line):
            message = f"{_product_field(request, line)} is priced in another currency"
            return OrderNotAcceptable("payment.currency", "mixed_currencies", message)
        case AmountDiffers(total_cents=total):
            message = f"The catalogue's prices add up to {total}"
            return OrderNotAcceptable("payment.amount_cents", "amount_differs", message)
        case NotShippable(of_address=True):
            return OrderNotAcceptable("ship_to.country", refusal.rule, refusal.message)
        case NotShippable(line=int(line)):
            return OrderNotAcceptable(_product_field(request, line), refusal.rule, refusal.message)
        case NotShippable():
            return OrderNotAcceptable(_goods_field(request), refusal.rule, refusal.message)
        case AmountNotChargeable(rule=rule):
            return OrderNotAcceptable(_goods_field(request), "amount_not_chargeable", rule)
        case _:
            return OrderNotAcceptable(_goods_field(request), "amount_too_large", str(refusal))


def _goods_field(request: OrderRequest) -> str:
    return "quantity" if request.lines is None else "lines"


def _product_field(request: OrderRequest, line: int) -> str:
    return "product_id" if request.lines is None else f"lines[{line}].product_id"
