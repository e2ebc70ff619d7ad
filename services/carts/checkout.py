"""Check a cart out: start the workflow that orders what the cart's entity freezes."""

from domain.carts.cart import CHECKOUT_CART, Cart, CheckOutCart, CheckoutRequest, checkout_id
from domain.identity import Caller
from domain.refusals import Conflict
from services.carts.changes import read_cart
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
    cart = await read_cart(client, customer_id) or Cart()
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
