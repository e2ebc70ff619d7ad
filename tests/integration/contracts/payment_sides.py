"""Each payment adapter with what the contract suite needs to know of it: its requests, its ledger, and how to disturb it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from azure.data.tables import TableServiceClient

from adapters.azure_storage.storage import Storage
from adapters.invoice.payments import InvoicePayments
from adapters.stripe.payments import StripePayments
from domain.payments.payment import PaymentRequest
from domain.payments.providers import INVOICE, STRIPE
from domain.ports import PaymentProvider
from sandbox.testing import Sandbox
from settings import StorageLocation
from tests.integration.adapters.losing import losing_way

AMOUNT = 2_500


class Money(NamedTuple):
    """What the provider's own ledger says of an order. held: secured and not taken. kept: taken and not given back."""

    held: int
    kept: int


class PaymentSide(Protocol):
    """One adapter."""

    provider: PaymentProvider

    def request(self, order_id: str = "order-1", **changes: Any) -> PaymentRequest:
        """Return a payment that the provider takes."""

    def refused(self) -> PaymentRequest:
        """Return a payment that the provider declines."""

    def money(self, order_id: str = "order-1") -> Money:
        """Return what the ledger says, read past the adapter."""

    def losing(self, *calls: int) -> AbstractContextManager[PaymentProvider]:
        """Return the provider, which loses its answers to these calls, counted from 1."""

    def away(self) -> PaymentProvider:
        """Return the provider at an address where nothing listens."""

    def later(self) -> datetime:
        """Let an hour pass where the provider's clock can be moved. Return the time by its clock."""


@dataclass
class StripeSide:
    """Stripe's SDK over HTTP, to the sandbox."""

    sandbox: Sandbox

    def __post_init__(self) -> None:
        self.provider: PaymentProvider = StripePayments.connect("sk_test_contract", self.sandbox.url)

    def request(self, order_id: str = "order-1", **changes: Any) -> PaymentRequest:
        return _request(order_id, {"provider": STRIPE, "payment_method": "pm_card_visa"} | changes)

    def refused(self) -> PaymentRequest:
        return self.request(payment_method="pm_card_chargeDeclined")

    def money(self, order_id: str = "order-1") -> Money:
        rows = self.sandbox.payments(order_id)
        return Money(
            held=sum(row["authorised"] - row["captured"] - row["voided"] for row in rows),
            kept=sum(row["captured"] - row["refunded"] for row in rows),
        )

    @contextmanager
    def losing(self, *calls: int) -> Iterator[PaymentProvider]:
        self.sandbox.fault(face="stripe", kind="drop_after", calls=calls)
        yield self.provider
        self.sandbox.clear_faults()

    def away(self) -> PaymentProvider:
        return StripePayments.connect("sk_test_contract", "http://127.0.0.1:1")

    def later(self) -> datetime:
        return datetime.fromisoformat(self.sandbox.post("/clock", {"advance_s": 3_600})["now"])


@dataclass
class InvoiceSide:
    """The storage SDK over HTTP, to the real emulator. Each customer has credit for two such orders."""

    connection: str

    def __post_init__(self) -> None:
        self.provider: PaymentProvider = self._at(self.connection)

    def request(self, order_id: str = "order-1", **changes: Any) -> PaymentRequest:
        return _request(order_id, {"provider": INVOICE, "payment_method": None} | changes)

    def refused(self) -> PaymentRequest:
        return self.request(amount_cents=2 * AMOUNT + 1)

    def money(self, order_id: str = "order-1") -> Money:
        tables = TableServiceClient.from_connection_string(self.connection)
        rows = list(tables.create_table_if_not_exists("invoices").list_entities())
        signs = {"invoice": 1, "credit_note": -1}
        documents = [row for row in rows if row["RowKey"].partition(".")[0] in signs]
        states = [row["state"] for row in rows if row["RowKey"] == f"order.{order_id}"]
        kept = sum(
            signs[row["RowKey"].partition(".")[0]] * row["amount_cents"].value
            for row in documents
            if row["order_id"] == order_id
        )
        return Money(held=AMOUNT * states.count("held"), kept=kept)

    @contextmanager
    def losing(self, *calls: int) -> Iterator[PaymentProvider]:
        parts = dict(part.partition("=")[::2] for part in self.connection.rstrip(";").split(";"))
        endpoint = parts["TableEndpoint"]
        with losing_way(endpoint) as way:
            way.lose_at = set(calls)
            yield self._at(self.connection.replace(endpoint, way.url))

    def away(self) -> PaymentProvider:
        parts = dict(part.partition("=")[::2] for part in self.connection.rstrip(";").split(";"))
        endpoint = parts["TableEndpoint"]
        return self._at(self.connection.replace(urlsplit(endpoint).netloc, "127.0.0.1:1"))

    def later(self) -> datetime:
        return datetime.now(UTC)

    def _at(self, connection: str) -> InvoicePayments:
        return InvoicePayments(Storage(StorageLocation(connection_string=connection)), {"usd": 2 * AMOUNT})


def _request(order_id: str, changes: dict[str, Any]) -> PaymentRequest:
    usual: dict[str, Any] = {
        "order_id": order_id,
        "customer_id": "ada",
        "amount_cents": AMOUNT,
        "currency": "usd",
        "placed_at": datetime.now(UTC),
        "namespace": "shop.hub",
    }
    return PaymentRequest(**usual | changes)
