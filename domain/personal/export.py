"""The document that an export makes: everything that is kept of one customer."""

from typing import Any

from pydantic import Field

from domain.personal.erasure import KEPT
from domain.wire import Timestamp, Wire


class CustomerData(Wire):
    """Everything that is kept of one customer.

    Attributes:
        orders: Rows of the order repository, with ledger and parcel.
        histories: Instances of orders and runs, with inputs, outputs and what happened in them.
        documents: Archived records, reports, batches and uploaded files that name the customer.
        elsewhere: What is kept, and does not stand here.
    """

    customer_id: str
    as_of: Timestamp
    orders: tuple[dict[str, Any], ...] = ()
    cart: dict[str, Any] | None = None
    users: tuple[dict[str, Any], ...] = ()
    expense_payments: tuple[dict[str, Any], ...] = ()
    histories: tuple[dict[str, Any], ...] = ()
    decisions: tuple[dict[str, Any], ...] = ()
    dead_letters: tuple[dict[str, Any], ...] = ()
    documents: dict[str, str] = Field(default_factory=dict)
    messages: tuple[str, ...] = ()
    elsewhere: tuple[str, ...] = KEPT[2:]

    def with_page(self, page: "CustomerData") -> "CustomerData":
        """Return this with what a page has."""
        lists = ("orders", "users", "expense_payments", "histories", "decisions", "dead_letters", "messages")
        joined: dict[str, Any] = {name: (*getattr(self, name), *getattr(page, name)) for name in lists}
        joined["documents"] = {**self.documents, **page.documents}
        return self.model_copy(update={**joined, "cart": self.cart or page.cart})
