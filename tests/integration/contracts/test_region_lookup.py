"""What every adapter that knows regions promises (`domain.ports.RegionLookup`)."""

import pytest

from adapters.web.regions import RegionService, RegionTable
from domain.errors import ProviderUnavailable
from domain.onboarding.user import FindRegion, Region
from domain.ports import RegionLookup
from tests.integration.adapters.scripted import Script

# As api.zippopotam.us answers.
KNOWN = {
    "post code": "94107",
    "country": "United States",
    "country abbreviation": "US",
    "places": [
        {
            "place name": "San Francisco",
            "longitude": "-122.3961",
            "state": "California",
            "state abbreviation": "CA",
            "latitude": "37.7697",
        }
    ],
}


@pytest.fixture(params=["table", "service"])
def lookup(request: pytest.FixtureRequest, script: Script) -> RegionLookup:
    if request.param == "table":
        return RegionTable()
    script.answer("GET /us/94107", KNOWN)
    script.answer("GET /us/00000", {}, status=404)
    return RegionService(script.url)


def find(lookup: RegionLookup, postal_code: str) -> Region | None:
    return lookup.find(FindRegion(country="US", postal_code=postal_code))


def test_a_known_postal_code_has_its_region_however_often_it_is_asked_for(lookup: RegionLookup) -> None:
    assert find(lookup, "94107") == find(lookup, "94107") == Region(code="US-CA", name="California")


def test_an_unknown_postal_code_has_none_and_is_no_failure(lookup: RegionLookup) -> None:
    assert find(lookup, "00000") is None


def test_a_user_without_a_postal_code_has_no_region(lookup: RegionLookup) -> None:
    assert find(lookup, "") is None


def test_a_service_that_is_away_is_worth_another_try_and_its_error_says_nothing_private() -> None:
    away: RegionLookup = RegionService("http://127.0.0.1:1")
    with pytest.raises(ProviderUnavailable) as caught:
        find(away, "94107")
    assert "94107" not in str(caught.value)
    assert caught.value.__cause__ is None
