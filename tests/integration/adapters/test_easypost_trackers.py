"""Positions of parcels by the real SDK, and tracking events that only EasyPost can have signed."""

import hashlib
import hmac
import json

import pytest

from adapters.easypost.trackers import EasyPostTrackers
from domain.errors import ProviderUnavailable, SignatureInvalid
from sandbox.testing import Sandbox
from tests.integration.adapters.scripted import Script

EVENT = json.dumps({"description": "tracker.updated", "result": {"tracking_code": "EZ1000000001"}}).encode()


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
    assert trackers.status(code) == status


def test_a_parcel_gets_one_tracker_however_often_it_is_asked_for(trackers: EasyPostTrackers, sandbox: Sandbox) -> None:
    for _ in range(3):
        trackers.status("EZ1000000001")
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
    assert trackers.status("EZ1000000001") == "in_transit"


def test_a_tracker_made_for_another_parcel_is_no_answer(script: Script) -> None:
    trackers = EasyPostTrackers.connect("EZTK_adapters", f"{script.url}/v2")
    script.answer("GET /v2/trackers", {"trackers": [], "has_more": False})
    made = {"id": "trk_1", "object": "Tracker", "tracking_code": "EZ9", "status": "delivered"}
    script.answer("POST /v2/trackers", made)
    with pytest.raises(ProviderUnavailable):
        trackers.status("EZ1000000001")


@pytest.mark.parametrize("kind", ["html", "drop_before", "drop_after"])
def test_a_carrier_that_does_not_answer_is_worth_another_try(
    trackers: EasyPostTrackers, sandbox: Sandbox, kind: str
) -> None:
    sandbox.fault(operation="trackers.list", kind=kind)
    with pytest.raises(ProviderUnavailable):
        trackers.status("EZ1000000001")


def webhooks(secret: str | None) -> EasyPostTrackers:
    return EasyPostTrackers.connect("EZTK_adapters", None, secret)


def test_a_signed_tracking_event_names_its_parcel() -> None:
    assert webhooks("s\u00e9cret").tracking_code(EVENT, signed(EVENT)) == "EZ1000000001"


@pytest.mark.parametrize("secret", [None, "", "another"])
def test_a_tracking_event_needs_the_right_secret(secret: str | None) -> None:
    with pytest.raises(SignatureInvalid):
        webhooks(secret).tracking_code(EVENT, signed(EVENT))


def test_a_changed_tracking_event_is_refused() -> None:
    with pytest.raises(SignatureInvalid):
        webhooks("s\u00e9cret").tracking_code(EVENT.replace(b"EZ1", b"EZ2"), signed(EVENT))
    with pytest.raises(SignatureInvalid):
        webhooks("s\u00e9cret").tracking_code(EVENT, None)
    with pytest.raises(SignatureInvalid):
        webhooks("s\u00e9cret").tracking_code(b"{", signed(b"{"))
