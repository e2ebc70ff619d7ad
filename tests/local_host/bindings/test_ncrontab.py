"""When timer functions run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from local_host.bindings.ncrontab import Schedule, parse_schedule

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday
BERLIN = ZoneInfo("Europe/Berlin")


def occurrences(schedule: Schedule, after: datetime, count: int, zone: ZoneInfo | None = None) -> list[datetime]:
    found = [after]
    for _ in range(count):
        found.append(schedule.next_after(found[-1], zone or ZoneInfo("UTC")))
    return found[1:]


@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        ("*/2 * * * * *", "2026-01-01T00:00:02", "2026-01-01T00:00:04"),
        ("0 */5 * * * *", "2026-01-01T00:05:00", "2026-01-01T00:10:00"),
        ("0 0 9-17 * * MON-FRI", "2026-01-01T09:00:00", "2026-01-01T10:00:00"),
        ("30 15 8 1 * *", "2026-01-01T08:15:30", "2026-02-01T08:15:30"),
        ("0 0 0 29 2 *", "2028-02-29T00:00:00", "2032-02-29T00:00:00"),
        ("0 0 12 * jan,JUL sunday", "2026-01-04T12:00:00", "2026-01-11T12:00:00"),
        ("0 10/20 * * * *", "2026-01-01T00:10:00", "2026-01-01T00:30:00"),
        ("*/5 * * * *", "2026-01-01T00:05:00", "2026-01-01T00:10:00"),
        # Day and day of the week must both fit: only a 13th that is a Friday.
        ("0 0 0 13 * 5", "2026-02-13T00:00:00", "2026-03-13T00:00:00"),
        ("01:30:00", "2026-01-01T01:30:00", "2026-01-01T03:00:00"),
        ("1.00:00:00", "2026-01-02T00:00:00", "2026-01-03T00:00:00"),
    ],
)
def test_the_next_two_occurrences_after_new_year(text: str, first: str, second: str) -> None:
    expected = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (first, second)]
    assert occurrences(parse_schedule(text), NEW_YEAR, 2) == expected


@pytest.mark.parametrize(
    "text", ["", "* *", "* * * * * * *", "60 * * * * *", "* * 24 * * *", "0 0 0 31 2 *", "a * * * * *", "*/0 * * * * *",
             "5-1 * * * * *", "00:00:00", "1 2 3 4 5 7", "25:00:00"],
)  # fmt: skip
def test_a_schedule_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_schedule(text)


def test_a_local_time_that_the_clocks_skip_runs_an_hour_later() -> None:
    night = datetime(2026, 3, 28, 12, tzinfo=UTC)
    first, second = occurrences(parse_schedule("0 30 2 * * *"), night, 2, BERLIN)
    assert (first.hour, first.minute) == (1, 30)
    assert second == datetime(2026, 3, 30, 0, 30, tzinfo=UTC)


def test_every_minute_goes_on_through_the_hour_that_comes_twice() -> None:
    before = datetime(2026, 10, 24, 23, 0, tzinfo=UTC)
    found = occurrences(parse_schedule("0 0 * * * *"), before, 6, BERLIN)
    assert all(earlier < later for earlier, later in pairwise(found))
    assert found[-1] - before < timedelta(hours=8)
