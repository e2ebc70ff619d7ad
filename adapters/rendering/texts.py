"""Fill in the texts in `templates`. What is put into HTML is escaped, and a name without a value is an error."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from domain.money import Money
from domain.orders.row import OrderRow
from domain.payments.providers import INVOICE
from domain.text import moment

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER: Final = Path(__file__).parent / "templates"

_PAYMENT_REFUSED: Final = "Your payment was declined. Another means of payment may be accepted."
_SOLD_OUT: Final = "Not all of the goods are in stock any more."
_FOR_CUSTOMERS: Final = {
    "out_of_stock": _SOLD_OUT,
    "unknown_product": _SOLD_OUT,
    # A card that was lost or stolen must not say so to the person who uses it: https://docs.stripe.com/declines/codes.
    "payment_declined": _PAYMENT_REFUSED,
    "payment_method_invalid": _PAYMENT_REFUSED,
    "action_required": "Your bank wants you to confirm this payment, which this shop cannot ask of you. "
    "Another means of payment may be accepted.",
    "authorisation_expired": "Your bank released the reserved amount before it was charged.",
    "undeliverable": "The carrier cannot deliver this parcel to the address.",
    "shipping_too_expensive": "Sending this parcel to the address would cost too much.",
}
"""The only reasons that customers read. What the ledger says may name stock, costs, colleagues and what a bank suspects."""


def render(name: str, /, **facts: Any) -> str:
    """Fill in a template. name: of its file, such as `order_completed.html`; a fact may be called so too."""
    return _environment().get_template(name).render(facts)


def money(cents: int, currency: str) -> str:
    """Return an amount as people read it: `1,250.00 USD`."""
    return str(Money(cents, currency))


def customer_reason(row: OrderRow | None) -> str | None:
    """Return why an order was refused, as its customer may read it; None where that is internal, or the order is not known."""
    return None if row is None or row.result is None else _FOR_CUSTOMERS.get(row.result.reason_code or "")


def how_paid(row: OrderRow | None) -> str:
    """Return how a completed order was paid, as the end of "is …". row: None where the order is not known."""
    return "invoiced" if _is_invoiced(row) else "paid"


def nothing_to_pay(row: OrderRow | None) -> str:
    """Return what becomes of the money of an order that was not completed. row: None where the order is not known."""
    if _is_invoiced(row):
        return "You owe nothing for this order."
    return "You were not charged, or the whole amount is on its way back to you."


def _is_invoiced(row: OrderRow | None) -> bool:
    return row is not None and row.order is not None and row.order.payment_provider == INVOICE


@cache
def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=select_autoescape(("html",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        money=money, moment=moment, customer_reason=customer_reason, how_paid=how_paid, nothing_to_pay=nothing_to_pay
    )
    return environment
