"""Check a cart out: start the workflow that orders what the cart's entity freezes.

A cart may be gone while its orders are still known: it was erased, or the shop was restored from a backup, which has no carts. The
next cart of the customer begins with the number 1 again. So numbers that were used are left out, or a new checkout would be taken
for a repeat of an old one.
"""

import asyncio
from dataclasses import replace

from domain.carts.cart import CHECKOUT_CART, Cart, CheckOutCart, CheckoutRequest, checkout_id
from domain.identity import Caller
from domain.ids import instance_id_of
from domain.refusals import Conflict
from services.carts.changes import read_cart
from services.container import services
from services.durable.client import DurableClient
from services.four_eyes import record_requester
from services.orders.admission import admit_run
from services.workflows.runs import RunConflict, start_once


class CartEmpty(Conflict):
    """There is nothing to order."""

    def __init__(self) -> None:
        super().__init__("cart_empty", "The cart is empty. A change takes a moment to arrive.")


class CheckoutUnderWay(Conflict):
    """The cart is being checked out by another request."""

    def __init__(self) -> None:
        super().__init__("checkout_under_way", "Another checkout of this cart is under way.")


async def check_out(client: DurableClient, customer_id: str, request: CheckoutRequest, caller: Caller) -> str:
    """Start the checkout of a cart, and return its key. A repeat of the same checkout changes nothing.

    Raises:
        CartEmpty: There is nothing to order.
        CheckoutUnderWay: Another request is checking the cart out.
        IntakePaused: Too many orders wait; the same request may be sent again later.
        StorageUnavailable: The same request may be sent again.
    """
    cart = await _numbered_cart(client, customer_id)
    # The first request empties the cart: a repeat of it is that checkout, not one of an empty cart.
    number = cart.number if cart.items else max(cart.number - 1, 1)
    if not cart.items and cart.number == 1:
        raise CartEmpty
    key = checkout_id(customer_id, number)
    await record_requester(key, caller)
    await admit_run(CHECKOUT_CART, key)
    try:
        checkout = CheckOutCart(customer_id=customer_id, number=number, **dict(request))
        await start_once(client, CHECKOUT_CART, key, checkout)
    except RunConflict:
        raise (CheckoutUnderWay if cart.items else CartEmpty) from None
    return key


async def _numbered_cart(client: DurableClient, customer_id: str) -> Cart:
    """Return the cart as last written, its number being one that its next checkout can have."""
    cart = await read_cart(client, customer_id) or Cart()
    if not _is_idle(cart) or not await asyncio.to_thread(_is_over, customer_id, cart.number):
        return cart
    # Read again: if this cart's own checkout has ended meanwhile, the cart has the next number by now.
    cart = await read_cart(client, customer_id) or Cart()
    number = cart.number
    while _is_idle(cart) and await asyncio.to_thread(_is_over, customer_id, number):
        number += 1
    return replace(cart, number=number)


def _is_idle(cart: Cart) -> bool:
    return bool(cart.items) and cart.ordering is None


def _is_over(customer_id: str, number: int) -> bool:
    """Return whether a checkout with this number has come to its end."""
    key, parts = checkout_id(customer_id, number), services()
    instance_id = instance_id_of(CHECKOUT_CART, key)
    if parts.order_repository.get(key) is None and not parts.run_repository.knows(instance_id):
        return False
    return parts.run_repository.intake.reminder(instance_id) is None
