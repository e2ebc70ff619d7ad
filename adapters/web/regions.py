"""Find the region of a postal code: in a table that comes with the app, or at a service on the network.

The service speaks as Zippopotam.us does: `GET {base}/{country}/{postal code}` answers with `places`, or 404.
"""

import csv
from functools import cache, cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from urllib.parse import quote

from adapters.web.sessions import new_session
from domain.errors import ProviderUnavailable
from domain.onboarding.user import FindRegion, Region

if TYPE_CHECKING:
    from requests import Session

_TABLE: Final = Path(__file__).with_name("regions.csv")
_TIMEOUT_S: Final = (3.05, 5)
"""Seconds to connect, and to wait for an answer: a user is waiting for the account, and does not need its region."""

_MAX_REMEMBERED: Final = 10_000


class RegionTable:
    """A `domain.ports.RegionLookup` by the first characters of a postal code, for AU, CA, FR and US. It never fails."""

    def find(self, wanted: FindRegion) -> Region | None:
        """Return the region; None when the table does not know it."""
        for row in _rows() if wanted.postal_code else ():
            if row.country == wanted.country and row.first <= wanted.postal_code[: len(row.first)] <= row.last:
                return Region(code=row.code, name=row.name)
        return None


class RegionService:
    """A `domain.ports.RegionLookup` over HTTP. Answers are remembered while the process lives: postal codes hardly ever move."""

    def __init__(self, base: str) -> None:
        """Use the service at an address such as https://api.zippopotam.us, without a slash at its end."""
        self._base = base
        self._remembered = lru_cache(maxsize=_MAX_REMEMBERED)(self._ask)

    def find(self, wanted: FindRegion) -> Region | None:
        """Return the region; None when the service does not know it. Raises ProviderUnavailable, which is not remembered."""
        return self._remembered(wanted.country, wanted.postal_code) if wanted.postal_code else None

    @cached_property
    def _session(self) -> "Session":
        return new_session()

    def _ask(self, country: str, postal_code: str) -> Region | None:
        import requests

        url = f"{self._base}/{quote(country.lower(), safe='')}/{quote(postal_code, safe='')}"
        try:
            # A service of look-ups has no reason to redirect, and a redirect could lead anywhere.
            answer = self._session.get(url, timeout=_TIMEOUT_S, allow_redirects=False)
            if answer.status_code == requests.codes.not_found:
                return None
            answer.raise_for_status()
            return _region(country, answer.json())
        except (requests.RequestException, LookupError, TypeError, ValueError) as error:
            # Not chained: the original repeats the address.
            raise ProviderUnavailable(f"the region service did not answer ({type(error).__name__})") from None


def _region(country: str, answer: Any) -> Region | None:
    places = answer["places"]
    if not places:
        return None
    return Region(code=f"{country}-{places[0]['state abbreviation']}", name=str(places[0]["state"]))


class _Row(NamedTuple):
    country: str
    first: str
    last: str
    code: str
    name: str


@cache
def _rows() -> tuple[_Row, ...]:
    with _TABLE.open(encoding="utf-8", newline="") as table:
        return tuple(_Row(**row) for row in csv.DictReader(table))
