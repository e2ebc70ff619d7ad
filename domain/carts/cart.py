"""A customer's cart, as a value that operations turn into the next one.

A checkout freezes what it orders. While it is under way the cart only takes additions, which are kept for the next one; it is
emptied of what was ordered when the order is accepted, and stays as it is when the order is refused. Checkouts are numbered:
the number names the one order that a checkout may become, however often it is pressed.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Final

from pydantic import Field

from domain.catalogue.product import MAX_LINE_QUANTITY, OrderLine, Quantity
from domain.field_error import FieldError
from domain.ids import CustomerId, OrderId, ProductId, digest_id
from domain.keyed_changes import ChangeLog, KeyedChange
from domain.orders.order import MAX_ORDER_LINES
from domain.orders.payment_details import PaymentDetails
from domain.shipping.shipment import Destination
from domain.wire import Edge, EmailAddress, Wire, split_state
from domain.workflows.steps import Message, Outcome, StepResult

CART_ENTITY: Final = "shopping_cart"
CHECKOUT_CART: Final = "checkout_cart"

CheckoutNumber = Annotated[int, Field(ge=1)]


@dataclass(frozen=True, kw_only=True)
class Cart:
    """The cart of one customer.

    Attributes:
        items: Units per product.
        number: The number of the checkout that is under way, or of the next one.
        ordering: What the checkout under way orders; None without one.
        changes: The changes that customers made, so that a repeat changes nothing.
        finished: The previous checkout and its end, for a second run of it.
        unknown: Fields that a newer version of the app stored here, kept as they are.
    """

    items: Mapping[str, int] = field(default_factory=dict)
    number: int = 1
    ordering: Mapping[str, int] | None = None
    changes: ChangeLog = field(default_factory=ChangeLog)
    finished: Mapping[str, Any] | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values for the entity's storage."""
        return {
            "items": dict(self.items),
            "number": self.number,
            "ordering": None if self.ordering is None else dict(self.ordering),
            "changes": self.changes.to_state(),
            **({"finished": dict(self.finished)} if self.finished else {}),
            **self.unknown,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> "Cart | None":
        """Return the cart as stored; None when it was never filled."""
        if state is None:
            return None
        known, unknown = split_state(state, cls)
        return cls(**{**known, "changes": ChangeLog(known["changes"])}, unknown=unknown)


class AddItem(KeyedChange):
    """Add units of a product to the cart."""

    operation: ClassVar = "add"

    product_id: ProductId
    quantity: Quantity


class ChangeItem(KeyedChange):
    """Set how many units of a product are in the cart."""

    operation: ClassVar = "change"

    product_id: ProductId
    quantity: Quantity


class RemoveItem(KeyedChange):
    """Take a product out."""

    operation: ClassVar = "remove"

    product_id: ProductId


class ClearCart(KeyedChange):
    """Take everything out."""

    operation: ClassVar = "clear"


class BeginCheckout(Wire):
    """Begin the checkout with this number."""

    number: CheckoutNumber


class FinishCheckout(Wire):
    """Finish a checkout: its order was accepted, or it was refused and nothing was ordered."""

    number: CheckoutNumber
    accepted: bool
    reason_code: str | None = None
    message: Message | None = None
    errors: tuple[FieldError, ...] = ()


class CheckoutBegun(StepResult):
    """The lines that a checkout orders, the same on every repeat; or the end of a checkout that was finished before."""

    lines: tuple[OrderLine, ...] = ()
    finished: FinishCheckout | None = None


class CheckoutRequest(Edge):
    """The body of `POST /api/carts/{customer_id}/checkout`; its `payment.amount_cents` is the price that the customer saw."""

    payment: PaymentDetails
    ship_to: Destination
    email: EmailAddress


class CheckOutCart(CheckoutRequest):
    """The input of a checkout's run."""

    customer_id: CustomerId
    number: CheckoutNumber


def checkout_id(customer_id: str, number: int) -> OrderId:
    """Return the id of a checkout's run, which is its order's id too."""
    return f"cart-{digest_id(customer_id)}-{number}"


def is_checkout_of(customer_id: str, key: str) -> bool:
    """Return whether a run belongs to a checkout of the customer."""
    return key.rpartition("-")[0] == f"cart-{digest_id(customer_id)}"


def add(cart: Cart | None, request: AddItem) -> tuple[Cart, StepResult]:
    """Add units, also during a checkout. Refused: too_many, too_many_products."""
    return _once(cart or Cart(), request, lambda cart: _added(cart, request))


def change(cart: Cart | None, request: ChangeItem) -> tuple[Cart, StepResult]:
    """Set how many. Refused: not_in_cart, checkout_under_way."""
    return _once(cart or Cart(), request, lambda cart: _changed(cart, request))


def remove(cart: Cart | None, request: RemoveItem) -> tuple[Cart, StepResult]:
    """Remove a product, if it is in the cart. Refused: checkout_under_way."""
    return _once(cart or Cart(), request, lambda cart: _without(cart, request.product_id))


def clear(cart: Cart | None, request: ClearCart) -> tuple[Cart, StepResult]:
    """Take everything out. Refused: checkout_under_way."""
    return _once(cart or Cart(), request, lambda cart: _unless_ordering(cart, {}))


def begin_checkout(cart: Cart | None, request: BeginCheckout) -> tuple[Cart | None, CheckoutBegun]:
    """Freeze what is ordered; a repeat returns the same lines. Refused: cart_empty, checkout_over (the number was used)."""
    cart = cart or Cart()
    if cart.ordering is None and request.number > cart.number:
        cart = replace(
            cart, number=request.number
        )  # the numbers before were used by a cart of this customer that is gone
    if request.number != cart.number:
        over = None if cart.finished is None else FinishCheckout.model_validate(cart.finished)
        return cart, CheckoutBegun(
            outcome=Outcome.REFUSED,
            reason_code="checkout_over",
            message="this checkout was over before",
            finished=over if over is not None and over.number == request.number else None,
        )
    if cart.ordering is None and not cart.items:
        # This run has used the number: the next checkout must be able to start another run.
        empty = FinishCheckout(
            number=cart.number, accepted=False, reason_code="cart_empty", message="the cart is empty"
        )
        return replace(cart, number=cart.number + 1, finished=empty.to_wire()), CheckoutBegun(
            outcome=Outcome.REFUSED, reason_code=empty.reason_code, message=empty.message
        )
    ordering = cart.items if cart.ordering is None else cart.ordering
    lines = tuple(OrderLine(product_id=item, quantity=units) for item, units in ordering.items())
    return replace(cart, ordering=ordering), CheckoutBegun(lines=lines)


def finish_checkout(cart: Cart | None, request: FinishCheckout) -> tuple[Cart | None, StepResult]:
    """Remove what was ordered, or keep it when the order was refused. A repeat changes nothing."""
    if cart is None or cart.ordering is None or request.number != cart.number:
        return cart, StepResult()
    items = _left_over(cart.items, cart.ordering) if request.accepted else cart.items
    return replace(cart, items=items, ordering=None, number=cart.number + 1, finished=request.to_wire()), StepResult()


def _once(cart: Cart, request: KeyedChange, rule: Callable[[Cart], tuple[Cart, StepResult]]) -> tuple[Cart, StepResult]:
    """Make a change unless one was asked for under this key before, and remember how it ended."""
    result = cart.changes.answered(request)
    if result is None:
        cart, result = rule(cart)
    changes = cart.changes.record(request, result)
    return (cart if changes is cart.changes else replace(cart, changes=changes)), result


def _added(cart: Cart, request: AddItem) -> tuple[Cart, StepResult]:
    quantity = cart.items.get(request.product_id, 0) + request.quantity
    if quantity > MAX_LINE_QUANTITY:
        return cart, StepResult.refused("too_many", f"an order takes {MAX_LINE_QUANTITY} units of a product at most")
    if request.product_id not in cart.items and len(cart.items) >= MAX_ORDER_LINES:
        return cart, StepResult.refused("too_many_products", f"an order takes {MAX_ORDER_LINES} products at most")
    return replace(cart, items={**cart.items, request.product_id: quantity}), StepResult()


def _changed(cart: Cart, request: ChangeItem) -> tuple[Cart, StepResult]:
    if request.product_id not in cart.items:
        return cart, StepResult.refused("not_in_cart", "this product is not in the cart")
    return _unless_ordering(cart, {**cart.items, request.product_id: request.quantity})


def _without(cart: Cart, product_id: str) -> tuple[Cart, StepResult]:
    if product_id not in cart.items:
        return cart, StepResult()
    return _unless_ordering(cart, {item: units for item, units in cart.items.items() if item != product_id})


def _unless_ordering(cart: Cart, items: Mapping[str, int]) -> tuple[Cart, StepResult]:
    if cart.ordering is not None:
        return cart, StepResult.refused("checkout_under_way", "the cart is being checked out")
    return replace(cart, items=items), StepResult()


def _left_over(items: Mapping[str, int], ordered: Mapping[str, int]) -> dict[str, int]:
    """Return what was added during the checkout."""
    left = {item: units - ordered.get(item, 0) for item, units in items.items()}
    return {item: units for item, units in left.items() if units > 0}
