"""From which address a request came, with and without a Front Door."""

import azure.functions as func
import pytest

from triggers.http.support.audited import source_of

DOOR = "11111111-2222-3333-4444-555555555555"
HEADERS = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7:4711", "X-Azure-SocketIP": "203.0.113.9"}


def source(headers: dict[str, str]) -> str | None:
    return source_of(func.HttpRequest(method="GET", url="/api/decisions", headers=headers, body=b""))


@pytest.mark.parametrize("door", [DOOR, DOOR.upper()])
def test_behind_front_door_it_is_the_callers_address_and_not_front_doors(monkeypatch, door):
    monkeypatch.setenv("FRONT_DOOR_ID", DOOR)
    assert source(HEADERS | {"X-Azure-FDID": door}) == "203.0.113.9"


@pytest.mark.parametrize("known", ["", "99999999-2222-3333-4444-555555555555"])
def test_what_only_a_caller_says_of_front_door_is_not_believed(monkeypatch, known):
    monkeypatch.setenv("FRONT_DOOR_ID", known)
    assert source(HEADERS | {"X-Azure-FDID": DOOR}) == source(HEADERS) == "198.51.100.7"
