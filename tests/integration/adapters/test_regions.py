"""Where postal codes lie: the table that comes with the app, and a service that may fail."""

import socket

import pytest

from adapters.web import regions
from adapters.web.regions import RegionService, RegionTable
from domain.errors import ProviderUnavailable
from domain.onboarding.user import FindRegion, Region
from tests.integration.adapters.scripted import Script
from tests.support.scripted_server import running_server

CALL = "GET /us/94107"
WANTED = FindRegion(country="US", postal_code="94107")


def wanted(country: str, postal_code: str) -> FindRegion:
    return FindRegion(country=country, postal_code=postal_code)


@pytest.mark.parametrize(
    ("country", "postal_code", "code"),
    [
        ("US", "94107", "US-CA"),
        ("US", "10001-1234", "US-NY"),
        ("US", "20301", "US-DC"),
        ("US", "99950", "US-AK"),
        ("CA", "K1A 0B1", "CA-ON"),
        ("CA", "X0A 0H0", "CA-NU"),
        ("CA", "X1A 2P8", "CA-NT"),
        ("AU", "2601", "AU-ACT"),
        ("AU", "2000", "AU-NSW"),
        ("FR", "75011", "FR-IDF"),
        ("FR", "20000", "FR-20R"),
        # Codes beside those of their state: USPS, City State product.
        ("US", "06390", "US-NY"),
        ("US", "06391", "US-CT"),
        ("US", "96799", "US-AS"),
        ("US", "83414", "US-WY"),
        ("US", "73949", "US-TX"),
        ("US", "96950", "US-MP"),
        ("US", "96910", "US-GU"),
    ],
)
def test_the_table_has_the_region(country, postal_code, code):
    region = RegionTable().find(wanted(country, postal_code))
    assert region is not None
    assert region.code == code


@pytest.mark.parametrize(
    ("country", "postal_code"), [("US", "00401"), ("US", "96941"), ("DE", "10115"), ("FR", "99999"), ("US", "")]
)
def test_the_table_says_when_it_does_not_know(country, postal_code):
    assert RegionTable().find(wanted(country, postal_code)) is None


def test_a_service_is_asked_over_one_connection():
    with running_server(*[b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"] * 2) as server:
        service = RegionService(server.url)
        assert [service.find(wanted("US", code)) for code in ("94107", "10001")] == [None, None]
        assert server.connections == [1, 1]


def test_a_service_is_asked_once_for_the_same_place(script: Script):
    script.answer(CALL, {"places": [{"state": "California", "state abbreviation": "CA"}]})
    service = RegionService(script.url)
    assert service.find(WANTED) == service.find(WANTED) == Region(code="US-CA", name="California")
    assert script.calls == [CALL]


@pytest.mark.parametrize(("body", "status"), [("", 404), ({"places": []}, 200)])
def test_a_place_that_the_service_does_not_know_has_no_region(script: Script, body, status):
    script.answer(CALL, body, status=status)
    assert RegionService(script.url).find(WANTED) is None


@pytest.mark.parametrize(
    ("body", "status"),
    [("", 500), ("", 429), ("not JSON", 200), ({}, 200), ({"places": [{}]}, 200), ([], 200), ("", 302)],
)
def test_an_answer_of_another_kind_is_worth_asking_again(script: Script, body, status):
    script.answer(CALL, body, status=status)
    service = RegionService(script.url)
    with pytest.raises(ProviderUnavailable, match="region service") as caught:
        service.find(WANTED)
    assert "94107" not in str(caught.value)
    script.forget(CALL)
    script.answer(CALL, {"places": [{"state": "California", "state abbreviation": "CA"}]})
    assert service.find(WANTED) is not None, "a failure is not remembered"


def test_a_service_that_is_not_there_is_worth_asking_again():
    with pytest.raises(ProviderUnavailable):
        RegionService("http://127.0.0.1:1").find(WANTED)


def test_a_service_that_says_nothing_is_worth_asking_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(regions, "_TIMEOUT_S", (5, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(ProviderUnavailable):
        RegionService(f"http://127.0.0.1:{silent.getsockname()[1]}").find(WANTED)
