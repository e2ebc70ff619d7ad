"""Keep what the reconciliation of payments needs in its next run, and what its last one found.

The table `paymentreconciliation` has one partition per provider with the payments to look at again, which are those that are open
or differ from their order, and one per order that names its own of them; one with the differences that have lasted, one with those
that an operator resolved, one with the positions, and one with the last run. What the comparison of labels keeps is in it too
(`label_comparison`).
"""

from typing import Final

from adapters.azure_storage.storage import Storage
from adapters.stores.json_rows import JsonRows
from domain.ids import digest_id
from domain.page import Page
from domain.payments.listing import ProviderPayment
from domain.payments.reconciliation import PaymentDrift
from domain.payments.reconciliation_runs import PaymentRun, ReadPosition, WatchedPayment
from domain.workflows.dead_letter import Resolution

RECONCILIATION: Final = "paymentreconciliation"
"""The name of the table."""
_NAME: Final = "the reconciliation of payments"
_POSITIONS: Final = "position"
_RUNS: Final = "run"
_LAST: Final = "last"
_DRIFT: Final = "drift"
_RESOLVED: Final = "resolved"


class PaymentReconciliationStore:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._rows = JsonRows(storage.table(RECONCILIATION), _NAME)

    def position(self, provider: str) -> ReadPosition:
        """Return how far a provider's payments are read."""
        row = self._rows.find(_POSITIONS, provider)
        return ReadPosition(provider=provider) if row is None else ReadPosition.model_validate_json(row["json"])

    def move(self, position: ReadPosition) -> None:
        """Store how far a provider's payments are read."""
        self._rows.put(_POSITIONS, position.provider, position.model_dump_json())

    def watched(self, provider: str, *, cursor: str | None, limit: int) -> Page[WatchedPayment]:
        """Return a page of the payments to look at again. Raises InvalidCursor."""
        return self._rows.page(_watched(provider), WatchedPayment.model_validate_json, cursor, limit)

    def watch(self, watched: WatchedPayment) -> None:
        """Have a payment looked at again. Its difference, if any, is in the list of differences."""
        payment = watched.payment
        key = _key(payment)
        # First, and deleted last: the row beside says where to look, and the payment's own row whether it is watched.
        self._rows.put(_of_order(payment.order_id), key, payment.provider)
        self._rows.put(_watched(payment.provider), key, watched.model_dump_json())
        if watched.drift is None:
            self._rows.delete(_DRIFT, key)
        else:
            self._rows.put(_DRIFT, key, watched.drift.model_dump_json(), drift_id=watched.drift.drift_id)

    def keep_watching(self, payment: ProviderPayment) -> None:
        """Have a payment looked at again, unless it is already; then with its difference, if any."""
        if self._rows.find(_watched(payment.provider), _key(payment)) is None:
            self.watch(WatchedPayment(payment=payment))

    def forget(self, payment: ProviderPayment) -> None:
        """Leave a payment out from now on: it is settled."""
        self._rows.delete(_watched(payment.provider), _key(payment))
        self._rows.delete(_DRIFT, _key(payment))
        self._rows.delete(_of_order(payment.order_id), _key(payment))

    def is_order_watched(self, order_id: str) -> bool:
        """Return whether any payment that is marked with an order is to be looked at again: it is open, or differs from it."""
        beside = self._rows.select("PartitionKey eq @partition", {"partition": _of_order(order_id)})
        return any(self._rows.find(_watched(row["json"]), row["RowKey"]) is not None for row in beside)

    def list_drift(self, *, cursor: str | None = None, limit: int = 50) -> Page[PaymentDrift]:
        """Return a page of the differences. Raises InvalidCursor."""
        return self._rows.page(_DRIFT, PaymentDrift.model_validate_json, cursor, limit)

    def find_drift(self, drift_id: str) -> PaymentDrift | None:
        """Return one difference; None when none of this id is open."""
        query = "PartitionKey eq @partition and drift_id eq @drift_id"
        rows = self._rows.select(query, {"partition": _DRIFT, "drift_id": drift_id})
        return next((PaymentDrift.model_validate_json(row["json"]) for row in rows), None)

    def last_run(self) -> PaymentRun | None:
        """Return the last run; None before the first."""
        row = self._rows.find(_RUNS, _LAST)
        return None if row is None else PaymentRun.model_validate_json(row["json"])

    def record_last_run(self, run: PaymentRun) -> None:
        """Store a run as the last one."""
        self._rows.put(_RUNS, _LAST, run.model_dump_json())

    def resolution(self, drift_id: str) -> Resolution | None:
        """Return how an operator resolved a difference; None when none did."""
        row = self._rows.find(_RESOLVED, drift_id)
        return None if row is None else Resolution.model_validate_json(row["json"])

    def resolve(self, drift: PaymentDrift, resolution: Resolution) -> Resolution:
        """Store how an operator resolved a difference, unless it is resolved, and take it from the list.

        Returns:
            The resolution that holds.
        """
        text = self._rows.insert(_RESOLVED, drift.drift_id, resolution.model_dump_json())
        self._rows.delete(_DRIFT, _key_of(drift.provider, drift.payment_id))
        return Resolution.model_validate_json(text)


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
