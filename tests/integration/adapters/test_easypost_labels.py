"""The list of labels as EasyPost may answer it on a bad day."""

from datetime import UTC, datetime
from typing import Any

import pytest

from adapters.easypost.carrier import EasyPostCarrier
from domain.errors import ProviderRefused, ProviderUnavailable
from domain.shipping.labels import ListLabels
from tests.integration.adapters.scripted import Script

WANTED = ListLabels(
    namespace="shop.hub", since=datetime(2026, 11, 1, tzinfo=UTC), until=datetime(2026, 11, 2, tzinfo=UTC)
)
LIST = "GET /v2/shipments"
BOUGHT: dict[str, Any] = {
    "id": "shp_1",
    "object": "Shipment",
    "reference": "shop.hub.order-1",
    "postage_label": {"id": "pl_1"},
    "refund_status": None,
    "status": "pre_transit",
}
TALKATIVE = "Cannot do this for Ada Byron and EZTK_very_secret"


def test_what_cannot_be_understood_of_one_shipment_hides_no_other(
    scripted_carrier: EasyPostCarrier, script: Script
) -> None:
    odd: list[Any] = [None, {"object": "Shipment"}, BOUGHT | {"id": None}, BOUGHT | {"id": 7}]
    by_hand = BOUGHT | {"id": "shp_4", "reference": 7}
    on_scan = BOUGHT | {"id": "shp_2", "refund_status": "not_applicable"}
    rejected = BOUGHT | {"id": "shp_3", "refund_status": "rejected", "status": "in_transit"}
    script.answer(LIST, {"shipments": [*odd, BOUGHT, by_hand, on_scan, rejected, *odd], "has_more": True})
    page = scripted_carrier.list_labels(WANTED)
    assert page.cursor == "shp_3"
    assert [(each.shipment_id, each.is_paid, each.is_used) for each in page.items] == [
        ("shp_1", True, False),
        ("shp_2", False, False),
        ("shp_3", True, True),
    ]


@pytest.mark.parametrize(
    ("dates", "listed", "cursor"),
    [
        (("2026-11-01T09:00:00Z", "2026-11-01T00:00:00Z"), ["shp_0", "shp_1"], "shp_1"),
        (("2026-11-01T09:00:00Z", "2026-10-31T23:59:59Z"), ["shp_0", "shp_1"], None),
        (("2026-11-02T00:00:01Z", "2026-11-01T09:00:00Z"), ["shp_1"], "shp_1"),
        ((None, "yesterday"), ["shp_0", "shp_1"], "shp_1"),
    ],
)
def test_a_list_that_does_not_keep_to_its_span_ends_all_the_same(
    scripted_carrier: EasyPostCarrier,
    script: Script,
    dates: tuple[str | None, ...],
    listed: list[str],
    cursor: str | None,
) -> None:
    made = [BOUGHT | {"id": f"shp_{number}", "created_at": date} for number, date in enumerate(dates)]
    script.answer(LIST, {"shipments": made, "has_more": True})
    page = scripted_carrier.list_labels(WANTED)
    assert ([each.shipment_id for each in page.items], page.cursor) == (listed, cursor)


@pytest.mark.parametrize("answer", [{"shipments": [], "has_more": True}, {"shipments": None}, [], {}, "<html>"])
def test_a_list_without_a_way_on_is_asked_for_again(
    scripted_carrier: EasyPostCarrier, script: Script, answer: Any
) -> None:
    script.answer(LIST, answer)
    with pytest.raises(ProviderUnavailable):
        scripted_carrier.list_labels(WANTED)


def test_a_key_that_may_not_list_is_a_refusal(scripted_carrier: EasyPostCarrier, script: Script) -> None:
    script.answer(LIST, {"error": {"code": "FORBIDDEN", "message": TALKATIVE}}, 403)
    with pytest.raises(ProviderRefused) as raised:
        scripted_carrier.list_labels(WANTED)
    assert not any(text in str(raised.value) for text in ("Byron", "EZTK"))
