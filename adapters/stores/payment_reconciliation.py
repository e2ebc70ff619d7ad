"""Keep what the reconciliation of payments needs in its next run, and what its last one found.

The table `paymentreconciliation` has one partition per provider with the payments to look at again, which are those that are open
or differ from their order, and one per order that names its own of them; one with the differences that have lasted, one with those
that an operator resolved, one with the positions, and one with the last run.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.azure_storage.table_pages import read_page
from domain.ids import digest_id
from domain.page import Page
from domain.payments.listing import ProviderPayment
from domain.payments.reconciliation import PaymentDrift
from domain.payments.reconciliation_runs import PaymentRun, ReadPosition, WatchedPayment
from domain.workflows.dead_letter import Resolution

if TYPE_CHECKING:
    from azure.data.tables import TableEntity

_TABLE: Final = "paymentreconciliation"
_NAME: Final = "the reconciliation of payments"
_POSITIONS: Final = "position"
_RUNS: Final = "run"
_LAST: Final = "last"
_DRIFT: Final = "drift"
_RESOLVED: Final = "resolved"


class PaymentReconciliationStore:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_TABLE)

    def position(self, provider: str) -> ReadPosition:
        """Return how far a provider's payments are read."""
        row = self._find(_POSITIONS, provider)
        return ReadPosition(provider=provider) if row is None else ReadPosition.model_validate_json(row["json"])

    def move(self, position: ReadPosition) -> None:
        """Store how far a provider's payments are read."""
        self._put(_POSITIONS, position.provider, position.model_dump_json())

    def watched(self, provider: str, *, cursor: str | None, limit: int) -> Page[WatchedPayment]:
        """Return a page of the payments to look at again. Raises InvalidCursor."""
        return self._list(
            _watched(provider), lambda row: WatchedPayment.model_validate_json(row["json"]), cursor, limit
        )

    def watch(self, watched: WatchedPayment) -> None:
        """Have a payment looked at again. Its difference, if any, is in the list of differences."""
        payment = watched.payment
        key = _key(payment)
        # First, and deleted last: the row beside says where to look, and the payment's own row whether it is watched.
        self._put(_of_order(payment.order_id), key, payment.provider)
        self._put(_watched(payment.provider), key, watched.model_dump_json())
        if watched.drift is None:
            self._delete(_DRIFT, key)
        else:
            self._put(_DRIFT, key, watched.drift.model_dump_json(), drift_id=watched.drift.drift_id)

    def keep_watching(self, payment: ProviderPayment) -> None:
        """Have a payment looked at again, unless it is already; then with its difference, if any."""
        if self._find(_watched(payment.provider), _key(payment)) is None:
            self.watch(WatchedPayment(payment=payment))

    def forget(self, payment: ProviderPayment) -> None:
        """Leave a payment out from now on: it is settled."""
        self._delete(_watched(payment.provider), _key(payment))
        self._delete(_DRIFT, _key(payment))
        self._delete(_of_order(payment.order_id), _key(payment))

    def is_order_watched(self, order_id: str) -> bool:
        """Return whether any payment that is marked with an order is to be looked at again: it is open, or differs from it."""
        with storage_errors(_NAME):
            beside = created_on_first_use(
                lambda: list(
                    self._table.query_entities(
                        "PartitionKey eq @partition", parameters={"partition": _of_order(order_id)}
                    )
                ),
                lambda: create_table(self._table),
            )
        return any(self._find(_watched(row["json"]), row["RowKey"]) is not None for row in beside)

    def list_drift(self, *, cursor: str | None = None, limit: int = 50) -> Page[PaymentDrift]:
        """Return a page of the differences. Raises InvalidCursor."""
        return self._list(_DRIFT, lambda row: PaymentDrift.model_validate_json(row["json"]), cursor, limit)

    def find_drift(self, drift_id: str) -> PaymentDrift | None:
        """Return one difference; None when none of this id is open."""
        with storage_errors(_NAME):
            rows = created_on_first_use(
                lambda: list(
                    self._table.query_entities(
                        "PartitionKey eq @partition and drift_id eq @drift_id",
                        parameters={"partition": _DRIFT, "drift_id": drift_id},
                    )
                ),
                lambda: create_table(self._table),
            )
        return next((PaymentDrift.model_validate_json(row["json"]) for row in rows), None)

    def last_run(self) -> PaymentRun | None:
        """Return the last run; None before the first."""
        row = self._find(_RUNS, _LAST)
        return None if row is None else PaymentRun.model_validate_json(row["json"])

    def record_last_run(self, run: PaymentRun) -> None:
        """Store a run as the last one."""
        self._put(_RUNS, _LAST, run.model_dump_json())

    def resolution(self, drift_id: str) -> Resolution | None:
        """Return how an operator resolved a difference; None when none did."""
        row = self._find(_RESOLVED, drift_id)
        return None if row is None else Resolution.model_validate_json(row["json"])

    def resolve(self, drift: PaymentDrift, resolution: Resolution) -> Resolution:
        """Store how an operator resolved a difference, unless it is resolved, and take it from the list.

        Returns:
            The resolution that holds.
        """
        from azure.core.exceptions import ResourceExistsError

        text = resolution.model_dump_json()
        entity = {"PartitionKey": _RESOLVED, "RowKey": drift.drift_id, "json": text}
        with storage_errors(_NAME):
            try:
                created_on_first_use(lambda: self._table.create_entity(entity), lambda: create_table(self._table))
            except ResourceExistsError:
                text = self._table.get_entity(_RESOLVED, drift.drift_id)["json"]
        self._delete(_DRIFT, _key_of(drift.provider, drift.payment_id))
        return Resolution.model_validate_json(text)

    def _find(self, partition: str, key: str) -> "TableEntity | None":
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                return self._table.get_entity(partition, key)
            except ResourceNotFoundError:  # the row, or the table with it
                return None

    def _list(self, partition: str, read: Any, cursor: str | None, limit: int) -> Page[Any]:
        with storage_errors(_NAME):
            return created_on_first_use(
                lambda: read_page(self._table, partition, {}, read, cursor=cursor, limit=limit),
                lambda: create_table(self._table),
            )

    def _put(self, partition: str, key: str, text: str, **columns: str) -> None:
        entity: Mapping[str, Any] = {"PartitionKey": partition, "RowKey": key, "json": text, **columns}
        with storage_errors(_NAME):
            created_on_first_use(lambda: self._table.upsert_entity(entity), lambda: create_table(self._table))

    def _delete(self, partition: str, key: str) -> None:
        with storage_errors(_NAME):
            self._table.delete_entity(partition, key)


def _watched(provider: str) -> str:
    return f"watched.{provider}"


def _of_order(order_id: str) -> str:
    # A provider's mark may hold what no key may.
    return f"order.{digest_id(order_id)}"


def _key(payment: ProviderPayment) -> str:
    return _key_of(payment.provider, payment.payment_id)


def _key_of(provider: str, payment_id: str) -> str:
    # An invoice's id has a slash, which no key may hold.
    return digest_id(f"{provider}|{payment_id}")
