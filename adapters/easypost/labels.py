"""Read the labels of the account that carry the shop's mark (https://docs.easypost.com/docs/shipments, https://docs.easypost.com/docs/pagination)."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from adapters.easypost.errors import CarrierRefused, easypost_errors
from adapters.easypost.shipment import GIVEN_BACK
from domain.errors import ProviderUnavailable
from domain.ids import order_of_reference
from domain.page import Page
from domain.shipping.labels import CarrierLabel, FindLabel, ListLabels

if TYPE_CHECKING:
    from easypost.easypost_client import EasyPostClient

# Billed when scanned: such a label is paid only once it is used.
_NOT_PAID: Final = GIVEN_BACK | {"not_applicable"}
_NOT_SEEN: Final = frozenset({None, "unknown", "pre_transit", "cancelled", "error"})
_PAGE_SIZE: Final = 100


def list_labels(client: "EasyPostClient", wanted: ListLabels) -> Page[CarrierLabel]:
    """Return a page of labels: of the shipments that EasyPost dates in the span, whenever the label was bought."""
    from easypost.requestor import RequestMethod, Requestor

    asked = {
        # Without both ends, EasyPost lists a month.
        "start_datetime": _time(wanted.since),
        "end_datetime": _time(wanted.until),
        "purchased": "true",
        "page_size": _PAGE_SIZE,
        **({} if wanted.cursor is None else {"before_id": wanted.cursor}),
    }
    with easypost_errors():
        # Not by the service of shipments: its objects fail all together where one of them is odd.
        requestor = Requestor(client)  # type: ignore[no-untyped-call]
        answer: Any = requestor.request(method=RequestMethod.GET, url="/shipments", params=asked)
        shipments = [each for each in answer["shipments"] if isinstance(each, dict)]
        ids = [each["id"] for each in shipments if isinstance(each.get("id"), str)]
        if answer["has_more"] and not ids:
            raise ProviderUnavailable("the carrier's list says that there is more, and names no shipment")
        # It is not documented whether a list with a cursor keeps to the span, too: else every run would read the whole account.
        is_behind = bool(shipments) and _is_made_before(shipments[-1], wanted.since)
        cursor = ids[-1] if answer["has_more"] and not is_behind else None
        asked_for = [each for each in shipments if not _is_made_after(each, wanted.until)]
    return Page(tuple(_labels(wanted.namespace, asked_for)), cursor)


def find_label(client: "EasyPostClient", wanted: FindLabel) -> CarrierLabel | None:
    """Return the label of one shipment as it is now."""
    try:
        with easypost_errors():
            shipment: Any = client.shipment.retrieve(wanted.shipment_id)
            found = list(_labels(wanted.namespace, [shipment.to_dict()]))
    except CarrierRefused as refusal:
        if refusal.status == 404:
            return None
        raise
    return next((each for each in found if each.shipment_id == wanted.shipment_id), None)


def _labels(namespace: str, shipments: Iterable[dict[str, Any]]) -> Iterable[CarrierLabel]:
    for shipment in shipments:
        shipment_id, reference = shipment.get("id"), shipment.get("reference")
        order_id = order_of_reference(namespace, reference) if isinstance(reference, str) else None
        if order_id is not None and isinstance(shipment_id, str):
            yield CarrierLabel(
                shipment_id=shipment_id,
                order_id=order_id,
                is_paid=shipment.get("postage_label") is not None and shipment.get("refund_status") not in _NOT_PAID,
                is_used=shipment.get("status") not in _NOT_SEEN,
            )


def _is_made_before(shipment: dict[str, Any], since: datetime) -> bool:
    made_at = _made_at(shipment)
    return made_at is not None and made_at < since.replace(microsecond=0)


def _is_made_after(shipment: dict[str, Any], until: datetime) -> bool:
    made_at = _made_at(shipment)
    return made_at is not None and made_at > until


def _made_at(shipment: dict[str, Any]) -> datetime | None:
    try:
        made_at = datetime.fromisoformat(shipment["created_at"])
    except (KeyError, TypeError, ValueError):
        return None
    return made_at if made_at.tzinfo is not None else made_at.replace(tzinfo=UTC)


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
