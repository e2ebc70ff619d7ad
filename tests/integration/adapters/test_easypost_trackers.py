"""Positions of parcels by the real SDK, and tracking events that only EasyPost can have signed."""

import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from adapters.easypost.trackers import EasyPostTrackers
from domain.errors import ProviderRefused, ProviderUnavailable, SignatureInvalid
from domain.shipping.parcels import ParcelReport
from domain.shipping.tracking import ParcelStatus
from sandbox.testing import Sandbox
from tests.integration.adapters.scripted import Script

EVENT = json.dumps(
    {
        "description": "tracker.updated",
        "id": "evt_1",
        "mode": "test",
        "object": "Event",
        "previous_attributes": {"status": "unknown"},
        "result": {
            "id": "trk_1",
            "object": "Tracker",
            "tracking_code": "EZ1000000001",
            "status": "return_to_sender",
            "updated_at": "2026-08-02T19:26:51Z",
            "shipment_id": "shp_1",
        },
    }
).encode()


def signed(body: bytes, secret: str = "s\u00e9cret") -> str:
    import unicodedata

    key = unicodedata.normalize("NFKD", secret).encode()
    return "hmac-sha256-hex=" + hmac.new(key, body, hashlib.sha256).hexdigest()


@pytest.fixture
def trackers(sandbox: Sandbox) -> EasyPostTrackers:
    return EasyPostTrackers.connect("EZTK_adapters", sandbox.easypost_url)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("EZ1000000001", "pre_transit"),
        ("EZ2000000002", "in_transit"),
        ("EZ3000000003", "out_for_delivery"),
        ("EZ4000000004", "delivered"),
        ("EZ5000000005", "returned"),
        ("EZ6000000006", "lost"),
        ("EZ7000000007", "unknown"),
    ],
)
def test_every_status_of_the_carrier_has_our_word(trackers: EasyPostTrackers, code: str, status: str) -> None:
    assert trackers.report(code).status == status


def test_a_parcel_gets_one_tracker_however_often_it_is_asked_for(trackers: EasyPostTrackers, sandbox: Sandbox) -> None:
    for _ in range(3):
        trackers.report("EZ1000000001")
    assert len(sandbox.calls(operation="trackers.create")) == 1


def test_a_tracker_of_another_parcel_is_not_asked(script: Script) -> None:
    """A list that is not filtered as asked must not decide where a parcel is."""
    trackers = EasyPostTrackers.connect("EZTK_adapters", f"{script.url}/v2")
    found = [
        {
            "id": "trk_1",
            "object": "Tracker",
            "tracking_code": "ez1000000001",
            "status": "delivered",
            "shipment_id": "shp_2",
        },
        {"id": "trk_2", "object": "Tracker", "tracking_code": "EZ1000000001", "status": "failure"},
        {
            "id": "trk_3",
            "object": "Tracker",
            "tracking_code": "EZ1000000001",
            "status": "in_transit",
            "shipment_id": "shp_1",
        },
    ]
    script.answer("GET /v2/trackers", {"trackers": found, "has_more": False})
    assert trackers.report("EZ1000000001").status == "in_transit"


def test_a_tracker_made_for_another_parcel_is_no_answer(script: Script) -> None:
    trackers = EasyPostTrackers.connect("EZTK_adapters", f"{script.url}/v2")
    script.answer("GET /v2/trackers", {"trackers": [], "has_more": False})
    made = {"id": "trk_1", "object": "Tracker", "tracking_code": "EZ9", "status": "delivered"}
    script.answer("POST /v2/trackers", made)
    with pytest.raises(ProviderUnavailable):
        trackers.report("EZ1000000001")


@pytest.mark.parametrize("is_newest_first", [True, False])
def test_a_tracking_code_that_was_used_before_is_that_of_its_newest_label(
    script: Script, *, is_newest_first: bool
) -> None:
    trackers = EasyPostTrackers.connect("EZTK_adapters", f"{script.url}/v2")
    code = "EZ1000000001"
    of_before, of_now, other = (
        {"id": f"trk_{year}", "tracking_code": code, "status": status, "created_at": f"{year}-05-01T00:00:00Z"}
        for year, status in ((2025, "delivered"), (2026, "in_transit"), (2027, "failure"))
    )
    of_before |= {"shipment_id": "shp_1"}
    of_now |= {"shipment_id": "shp_2"}
    undated = of_before | {"id": "trk_undated", "created_at": None}
    found = [other, of_now, undated, of_before] if is_newest_first else [of_before, undated, of_now, other]
    answer = {"trackers": found, "has_more": False}
    script.answer("GET /v2/trackers", answer)
    script.answer("POST /v2/trackers/batch", answer)
    assert trackers.report(code).shipment_id == "shp_2"
    assert trackers.reports([code])[code].shipment_id == "shp_2"


@pytest.mark.parametrize("found", [[None], ["x"], [[]], None, {"a": 1}, 5], ids=str)
def test_a_list_that_is_none_of_trackers_is_worth_another_try(script: Script, found: object) -> None:
    trackers = EasyPostTrackers.connect("EZTK_adapters", f"{script.url}/v2")
    for call in ("GET /v2/trackers", "POST /v2/trackers/batch"):
        script.answer(call, {"trackers": found, "has_more": False})
    with pytest.raises(ProviderUnavailable):
        trackers.report("EZ1000000001")
    with pytest.raises(ProviderUnavailable):
        trackers.reports(["EZ1000000001"])


def test_a_status_that_is_not_known_yet_is_refused_because_the_next_answer_is_the_same(script: Script) -> None:
    trackers = EasyPostTrackers.connect("EZTK_adapters", f"{script.url}/v2")
    found = [{"id": "trk_1", "tracking_code": "EZ1000000001", "status": "held_at_customs", "shipment_id": "shp_1"}]
    script.answer("GET /v2/trackers", {"trackers": found, "has_more": False})
    with pytest.raises(ProviderRefused):
        trackers.report("EZ1000000001")


@pytest.mark.parametrize("kind", ["html", "drop_before", "drop_after"])
def test_a_carrier_that_does_not_answer_is_worth_another_try(
    trackers: EasyPostTrackers, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault(operation="trackers.list", kind=kind)
    with pytest.raises(ProviderUnavailable):
        trackers.report("EZ1000000001")


def webhooks(secret: str | None) -> EasyPostTrackers:
    return EasyPostTrackers.connect("EZTK_adapters", None, secret)


def test_a_signed_tracking_event_is_a_report() -> None:
    assert webhooks("s\u00e9cret").webhook_report(EVENT, signed(EVENT)) == ParcelReport(
        code="EZ1000000001",
        status=ParcelStatus.RETURNED,
        updated_at=datetime(2026, 8, 2, 19, 26, 51, tzinfo=UTC),
        tracker_id="trk_1",
        shipment_id="shp_1",
    )


def test_parcels_are_reported_in_bulk_and_what_is_not_understood_is_left_out(
    trackers: EasyPostTrackers, script: Script
) -> None:
    for code in ("EZ2000000002", "EZ4000000004"):
        trackers.report(code)
    reports = trackers.reports(["EZ4000000004", "EZ2000000002", "EZ0000000000"])
    assert {code: report.status for code, report in reports.items()} == {
        "EZ2000000002": "in_transit",
        "EZ4000000004": "delivered",
    }
    known, strange = ({"id": f"trk_{code}", "tracking_code": code, "updated_at": "x"} for code in ("EZ01", "EZ02"))
    known |= {"status": "delivered", "updated_at": "2026-08-02T19:26:51Z"}
    script.answer("POST /v2/trackers/batch", {"trackers": [strange, known, {}], "has_more": False})
    other = EasyPostTrackers.connect("EZTK_adapters", f"{script.url}/v2")
    assert set(other.reports(["EZ01", "EZ02", "EZ03"])) == {"EZ01"}


@pytest.mark.parametrize("secret", [None, "", "another"])
def test_a_tracking_event_needs_the_right_secret(secret: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        webhooks(secret).webhook_report(EVENT, signed(EVENT))


def test_a_changed_tracking_event_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        webhooks("s\u00e9cret").webhook_report(EVENT.replace(b"EZ1", b"EZ2"), signed(EVENT))
    with pytest.raises(SignatureInvalid):
        webhooks("s\u00e9cret").webhook_report(EVENT, None)
    with pytest.raises(SignatureInvalid):
        webhooks("s\u00e9cret").webhook_report(b"{", signed(b"{"))
