"""The table `invoices`: one partition per customer, which is changed as a whole, and one of the payments by time.

Its row `account` is the customer's credit; every change of a payment that moves money is stored together with it and against
its ETag. So two payments of one customer cannot both use the last of the credit, and a number is given out with its document.

A payment that is made or credited has an entry by time, which is stored before the change: an entry whose change never came is
harmless, and no change is without one.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_changes import Operation, change, creation, submit
from adapters.azure_storage.table_pages import read_page
from adapters.azure_storage.table_values import long
from domain.ids import digest_id
from domain.page import Page
from domain.payments.invoice import BankPayment, Change, CreditAccount, Document, InvoicePayment
from domain.payments.listing import ListPayments

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_INVOICES: Final = "invoices"
_ACCOUNT: Final = "account"
_BETWEEN: Final = "~"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What is stored, the ETags of its rows, and when the payment was changed; None for a row that is not there."""

    account: CreditAccount
    account_etag: str | None
    payment: InvoicePayment | None
    payment_etag: str | None
    payment_changed_at: datetime | None


class InvoiceAccounts:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_INVOICES)

    def read(self, namespace: str, customer_id: str, order_id: str) -> Found:
        """Return a customer's account, and the payment of one order."""
        partition = _partition(namespace, customer_id)
        with storage_errors("the invoices"):
            # The payment first: an account that was read before it could lack what it has used meanwhile.
            payment, account = self._row(partition, _order(order_id)), self._row(partition, _ACCOUNT)
        return Found(
            account=CreditAccount() if account is None else _account(account),
            account_etag=None if account is None else account.metadata["etag"],
            payment=None if payment is None else InvoicePayment.model_validate_json(payment["payment"]),
            payment_etag=None if payment is None else payment.metadata["etag"],
            payment_changed_at=None if payment is None else payment.metadata["timestamp"],
        )

    def store(self, namespace: str, found: Found, changed: Change) -> bool:
        """Store a change of what was read; False when it is not as it was read, and nothing was stored."""
        partition = _partition(namespace, changed.payment.customer_id)
        operations = [
            _written(partition, _order(changed.payment.order_id), _fields(changed.payment), found.payment_etag)
        ]
        if changed.account is not None:
            operations.append(_written(partition, _ACCOUNT, _account_fields(changed.account), found.account_etag))
        if changed.document is not None:
            operations.append(creation({**_keys(partition, _document(changed.document)), **_columns(changed.document)}))
        if changed.received is not None:
            entity = {
                **_keys(partition, _received(changed.received.key)),
                "received": changed.received.model_dump_json(),
            }
            operations.append(creation(entity))
        with storage_errors("the invoices"):
            return submit(self._table, operations)

    def invoiced_order(self, namespace: str, customer_id: str, sequence: int) -> str | None:
        """Return the order that a customer's invoice is for; None when there is no such invoice."""
        with storage_errors("the invoices"):
            row = self._row(_partition(namespace, customer_id), _numbered("invoice", sequence))
        return None if row is None else str(row["order_id"])

    def received(self, namespace: str, customer_id: str, key: str) -> BankPayment | None:
        """Return what a customer has paid under a key; None when nothing was recorded under it."""
        with storage_errors("the invoices"):
            row = self._row(_partition(namespace, customer_id), _received(key))
        return None if row is None else BankPayment.model_validate_json(row["received"])

    def announce(self, namespace: str, payment: InvoicePayment, now: datetime) -> None:
        """Store that a payment is about to be made or credited."""
        entity = {
            **_keys(_by_time(namespace), f"{_moment(now)}{_BETWEEN}{payment.payment_id.replace('/', _BETWEEN)}"),
            "customer_id": payment.customer_id,
            "order_id": payment.order_id,
        }
        with storage_errors("the invoices"):
            created_on_first_use(lambda: self._table.upsert_entity(entity), lambda: create_table(self._table))

    def announced(self, wanted: ListPayments, limit: int) -> Page[tuple[str, str]]:
        """Return a page of customers and orders whose payments were announced in a span of time. Raises InvalidCursor."""
        filters = {"RowKey ge @since": _moment(wanted.since), "RowKey lt @until": _moment(wanted.until)}
        with storage_errors("the invoices"):
            return created_on_first_use(
                lambda: read_page(
                    self._table,
                    _by_time(wanted.namespace),
                    filters,
                    lambda row: (str(row["customer_id"]), str(row["order_id"])),
                    cursor=wanted.cursor,
                    limit=limit,
                ),
                lambda: create_table(self._table),
            )

    def _row(self, partition: str, key: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._table.get_entity(partition, key)
        except ResourceNotFoundError:  # the row, or the table with it
            return None


def _partition(namespace: str, customer_id: str) -> str:
    # Neither can hold the character between them.
    return f"{namespace}{_BETWEEN}{customer_id}"


def _by_time(namespace: str) -> str:
    # No customer's: their ids are not empty.
    return _partition(namespace, "")


def _moment(moment: datetime) -> str:
    """Return a moment as a key: it sorts by time."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def _order(order_id: str) -> str:
    return f"order.{order_id}"


def _document(document: Document) -> str:
    return _numbered(document.kind, document.sequence)


def _numbered(kind: str, sequence: int) -> str:
    return f"{kind}.{sequence:06}"


def _received(key: str) -> str:
    # A key of a caller's may hold what no row's may.
    return f"received.{digest_id(key)}"


def _keys(partition: str, row: str) -> dict[str, Any]:
    return {"PartitionKey": partition, "RowKey": row}


def _written(partition: str, row: str, fields: Mapping[str, Any], etag: str | None) -> Operation:
    entity = {**_keys(partition, row), **fields}
    return creation(entity) if etag is None else change(entity, etag)


def _fields(payment: InvoicePayment) -> dict[str, Any]:
    return {"state": str(payment.state), "payment": payment.model_dump_json()}


def _account_fields(account: CreditAccount) -> dict[str, Any]:
    # Not the limits: those are an operator's to change.
    return {
        "used": json.dumps(account.used),
        "invoices": account.invoices,
        "credit_notes": account.credit_notes,
    }


def _account(row: Mapping[str, Any]) -> CreditAccount:
    return CreditAccount(
        limits=json.loads(row.get("limits") or "{}"),
        used=json.loads(row.get("used") or "{}"),
        invoices=row.get("invoices", 0),
        credit_notes=row.get("credit_notes", 0),
    )


def _columns(document: Document) -> dict[str, Any]:
    """Return the columns of a document's row: what accountants filter by, and the whole."""
    return {
        "number": document.number,
        "order_id": document.order_id,
        "amount_cents": long(document.amount_cents),
        "currency": document.currency,
        "issued_at": document.issued_at,
        "document": document.model_dump_json(),
    }
