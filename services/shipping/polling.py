"""Ask the carrier about silent parcels: about a page in one request, and one by one about what that leaves out.

A parcel that the carrier cannot answer for must not keep the others from being polled, run after run. So a request without an
answer is the fault of its parcel as long as there are answers about others, and only several in a row end a run.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple, TypeVar

from domain.errors import ProviderRefused, ProviderUnavailable
from domain.shipping.parcels import ParcelReport, SilentParcel
from services.concurrency import from_another_place
from services.container import services

_MAX_FAILURES: Final = 3
"""Requests in a row without an answer, after which the carrier is away."""

T = TypeVar("T")


class Polled(NamedTuple):
    """What the polls of a page have brought.

    Attributes:
        parcels: Those about which the carrier was asked.
        reports: What it reports, by tracking code.
        unanswered: The codes of those about which it gave no answer, although it did about others.
    """

    parcels: Sequence[SilentParcel]
    reports: dict[str, ParcelReport]
    unanswered: frozenset[str]


class Polling:
    """The polls of one run.

    Attributes:
        fault: Why a request had no answer, the last one of several; None where each had one.
    """

    def __init__(self, now: datetime, has_time: Callable[[], bool]) -> None:
        self.fault: ProviderUnavailable | None = None
        self._failures = 0
        self._now = now
        self._has_time = has_time

    @property
    def is_over(self) -> bool:
        """Return whether the carrier is away."""
        return self._failures >= _MAX_FAILURES

    def poll(self, parcels: Sequence[SilentParcel]) -> Polled:
        """Ask about a page of parcels, while there is time and the carrier answers. Without any answer none was polled."""
        codes = [parcel.code for parcel in parcels]
        reports = self._ask(partial(services().trackers.reports, codes)) or {}
        is_answered = not self._failures
        left_out = [code for code in codes if code not in reports]
        # Where the page had no answer, the first of its parcels may be at fault: another one comes first in the next run.
        singly = left_out if is_answered else from_another_place(left_out, self._now)
        asked, unanswered = set(reports), set()
        for code in singly:
            if self.is_over or not self._has_time():
                break
            report = self._ask(partial(services().trackers.report, code))
            asked.add(code)
            if self._failures:
                unanswered.add(code)
                continue
            is_answered = True
            reports |= {} if report is None else {code: report}
        polled = [parcel for parcel in parcels if is_answered and parcel.code in asked]
        return Polled(polled, reports, frozenset(unanswered))

    def _ask(self, request: Callable[[], T]) -> T | None:
        """Return the carrier's answer; None where it refuses one, or gives none."""
        try:
            answer = request()
        except ProviderRefused:
            answer = None
        except ProviderUnavailable as error:
            self.fault = error
            self._failures += 1
            return None
        self._failures = 0
        return answer
