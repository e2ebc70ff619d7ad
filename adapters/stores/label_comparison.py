"""Keep how far the labels are compared with the orders, and which of them to look at again.

Both are in partitions of their own in the table of the reconciliation of payments.
"""

from typing import Final

from pydantic import ValidationError

from adapters.azure_storage.storage import Storage
from adapters.stores.json_rows import JsonRows
from adapters.stores.payment_reconciliation import RECONCILIATION
from domain.ids import digest_id
from domain.page import Page
from domain.shipping.labels import LabelPosition, WatchedLabel

_POSITION: Final = "labels.position"
_ONLY: Final = "labels"
_WATCHED: Final = "labels.watched"


class LabelComparisonStore:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._rows = JsonRows(storage.table(RECONCILIATION), "the comparison of labels")

    def position(self) -> LabelPosition:
        """Return how far the labels are compared."""
        row = self._rows.find(_POSITION, _ONLY)
        return LabelPosition() if row is None else LabelPosition.model_validate_json(row["json"])

    def move(self, position: LabelPosition) -> None:
        """Store how far the labels are compared."""
        self._rows.put(_POSITION, _ONLY, position.model_dump_json())

    def watched(self, *, cursor: str | None, limit: int) -> Page[WatchedLabel | None]:
        """Return a page of the labels to look at again; None for a row that cannot be read. Raises InvalidCursor."""
        return self._rows.page(_WATCHED, _readable, cursor, limit)

    def watch(self, watched: WatchedLabel) -> None:
        """Have a label looked at again."""
        self._rows.put(_WATCHED, digest_id(watched.label.shipment_id), watched.model_dump_json())

    def forget(self, shipment_id: str) -> None:
        """Leave a label out from now on: it is settled."""
        self._rows.delete(_WATCHED, digest_id(shipment_id))


def _readable(text: str) -> WatchedLabel | None:
    try:
        return WatchedLabel.model_validate_json(text)
    except ValidationError:
        return None
