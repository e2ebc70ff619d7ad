"""When timer functions run."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from local_host.bindings.ncrontab import NEVER, Crontab, Schedule, parse_schedule

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
        # https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer, "TimeSpan": a first number above 23 is days.
        ("24:00:00", "2026-01-25T00:00:00", "2026-02-18T00:00:00"),
        ("25:00:00:00", "2026-01-26T00:00:00", "2026-02-20T00:00:00"),
        ("5", "2026-01-06T00:00:00", "2026-01-11T00:00:00"),
        # NCrontab, CrontabField.Accumulate: a range is swapped, a step below 1 is 1; CrontabFieldImpl: names by their beginning.
        ("0 0 22-2 * * *", "2026-01-01T02:00:00", "2026-01-01T03:00:00"),
        ("0 */0 * * * *", "2026-01-01T00:01:00", "2026-01-01T00:02:00"),
        ("0 */-5 * * * *", "2026-01-01T00:01:00", "2026-01-01T00:02:00"),
        ("0 0 0 * * FRI-MON", "2026-01-02T00:00:00", "2026-01-05T00:00:00"),
        ("0 0 0 * * W", "2026-01-07T00:00:00", "2026-01-14T00:00:00"),
        ("0 0 0 * j *", "2026-01-02T00:00:00", "2026-01-03T00:00:00"),
        ("0 0 0 1 Sept *", "2026-09-01T00:00:00", "2027-09-01T00:00:00"),
        ("0 5-5/2 * * * *", "2026-01-01T00:05:00", "2026-01-01T01:05:00"),
        ("  0  0 1 * *  ", "2026-02-01T00:00:00", "2026-03-01T00:00:00"),
    ],
)
def test_the_next_two_occurrences_after_new_year(text: str, first: str, second: str) -> None:
    expected = [datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (first, second)]
    assert occurrences(parse_schedule(text), NEW_YEAR, 2) == expected


@pytest.mark.parametrize(
    "text", ["", "* *", "* * * * * * *", "60 * * * * *", "* * 24 * * *", "a * * * * *", "*/x * * * * *", "*/ * * * * *",
             "5- * * * * *", "1-2-3 * * * * *", "1,,2 * * * * *", "*-5 * * * * *", "5x * * * * *", "-5 * * * * *",
             "0 0 0 * * SUNDAE", "0 0 0 * X *", "0 0 0 0 * *", "00:00:00", "1 2 3 4 5 7", "24:00", "25:60:00", "1:2:3:4:5",
             "10675200", "0:0:0.12345678", "-01:00:00", "*\t* * * *"],
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


def test_a_schedule_that_never_occurs_is_taken_and_never_runs() -> None:
    assert parse_schedule("0 0 0 31 2 *").next_after(NEW_YEAR, UTC) == NEVER


# The next five tests are those of the extension: azure-webjobs-sdk-extensions, CronScheduleTests.cs.
PACIFIC = ZoneInfo("America/Los_Angeles")


def pacific(text: str, start: str, count: int) -> list[str]:
    begin = datetime.fromisoformat(start).replace(tzinfo=PACIFIC)
    found = occurrences(parse_schedule(text), begin, count, PACIFIC)
    return [each.astimezone(PACIFIC).isoformat(timespec="minutes")[5:] for each in found]


def test_an_interval_goes_on_when_clocks_are_set_forward() -> None:
    assert pacific("0 30 * * * *", "2018-03-11T00:00", 5) == [
        "03-11T00:30-08:00", "03-11T01:30-08:00", "03-11T03:30-07:00", "03-11T04:30-07:00", "03-11T05:30-07:00",
    ]  # fmt: skip


def test_a_point_of_time_follows_the_clock_when_it_is_set_forward() -> None:
    assert pacific("0 30 1 * * *", "2018-03-10T00:00", 4) == [
        "03-10T01:30-08:00", "03-11T01:30-08:00", "03-12T01:30-07:00", "03-13T01:30-07:00",
    ]  # fmt: skip


def test_twenty_minutes_stay_twenty_minutes_through_the_hour_that_comes_twice() -> None:
    assert pacific("0 */20 * * * *", "2018-11-04T00:30", 9) == [
        "11-04T00:40-07:00", "11-04T01:00-07:00", "11-04T01:20-07:00", "11-04T01:40-07:00", "11-04T01:00-08:00",
        "11-04T01:20-08:00", "11-04T01:40-08:00", "11-04T02:00-08:00", "11-04T02:20-08:00",
    ]  # fmt: skip


def test_an_hour_stays_an_hour_when_clocks_are_set_back() -> None:
    assert pacific("0 30 * * * *", "2018-11-04T00:00", 5) == [
        "11-04T00:30-07:00", "11-04T01:30-07:00", "11-04T01:30-08:00", "11-04T02:30-08:00", "11-04T03:30-08:00",
    ]  # fmt: skip


def test_a_point_of_time_runs_once_when_clocks_are_set_back() -> None:
    assert pacific("0 30 1 * * *", "2018-11-03T00:00", 5) == [
        "11-03T01:30-07:00", "11-04T01:30-07:00", "11-05T01:30-08:00", "11-06T01:30-08:00", "11-07T01:30-08:00",
    ]  # fmt: skip


def test_a_point_of_time_has_had_its_turn_when_the_host_starts_in_the_second_of_the_two_hours() -> None:
    second = datetime(2018, 11, 4, 1, 29, tzinfo=PACIFIC, fold=1)
    (found,) = occurrences(parse_schedule("0 30 1 * * *"), second, 1, PACIFIC)
    assert found.astimezone(PACIFIC).isoformat() == "2018-11-05T01:30:00-08:00"


def test_what_lies_beyond_the_second_hour_is_left_where_it_is() -> None:
    first = datetime(2018, 11, 4, 1, 45, tzinfo=PACIFIC)
    (found,) = occurrences(parse_schedule("0 0 3 * * *"), first, 1, PACIFIC)
    assert found.astimezone(PACIFIC).isoformat() == "2018-11-04T03:00:00-08:00"


# IsInterval_ReturnsExpectedValue
@pytest.mark.parametrize(
    ("text", "repeats"),
    [
        ("* * * * * *", True), ("0 * * * * *", True), ("0 0 * * * *", True), ("0 0-15 * * * *", True), ("0 0 * * * 0", True),
        ("0 0 1-3 * * 0", True), ("0 0 0 * * *", False), ("0 0 0 1 * *", False), ("0 0 0 1 1 *", False),
        ("0 0 0 * * 1", False), ("* * * * *", True), ("0 * * * *", True), ("0-15 * * * *", True), ("0 * * * 0", True),
        ("0 1-3 * * 0", True), (" 0 1 * * *", False), ("0 0 * * *", False), ("0 0 1 * *", False), ("0 0 * * 1", False),
    ],
)  # fmt: skip
def test_what_repeats_within_a_day_is_distinguished_from_points_of_time(text: str, repeats: bool) -> None:
    schedule = parse_schedule(text)
    assert isinstance(schedule, Crontab)
    assert schedule.repeats_daily is repeats
