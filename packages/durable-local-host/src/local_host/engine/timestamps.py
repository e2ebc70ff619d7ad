"""Times as the texts that histories, tables and answers carry."""

from __future__ import annotations

from datetime import UTC, datetime


def time_text(moment: datetime) -> str:
    """Return the time in ISO 8601, UTC, with six digits and `Z`: sorts as text, and the SDK reads it as an aware time."""
    in_utc = moment if moment.tzinfo is UTC else moment.astimezone(UTC)
    return in_utc.isoformat(timespec="microseconds")[: -len("+00:00")] + "Z"


def parse_time(text: str) -> datetime:
    """Read any ISO 8601 time as one in UTC; digits beyond microseconds are ignored."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
