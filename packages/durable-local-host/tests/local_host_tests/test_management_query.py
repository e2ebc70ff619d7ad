"""Query parameters of the management API."""

from __future__ import annotations

import pytest

from local_host.management.query import InvalidParameter, Query


@pytest.mark.parametrize(
    "time", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "yesterday", "2026-13-01", "%ED%A0%80", "%00"]
)
def test_a_time_that_is_none_or_beyond_the_calendar_is_refused_by_name(time: str) -> None:
    with pytest.raises(InvalidParameter, match="createdTimeFrom"):
        Query(f"createdTimeFrom={time}").time("createdTimeFrom")
