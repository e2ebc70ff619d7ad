"""Query parameters of the management API. Names and booleans ignore case; what cannot be read is refused by name."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import parse_qsl

from local_host.engine.status import RuntimeStatus


class InvalidParameter(Exception):
    """A query parameter that cannot be read. The text names it and the rule."""


class Query:
    """The parameters of one request."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            self._values.setdefault(name.casefold(), []).append(value)

    def text(self, name: str) -> str | None:
        """Return the first value; None when absent or empty. Raises InvalidParameter for one that no id or name can have."""
        value = next((value for value in self._values.get(name.casefold(), ()) if value), None)
        if value is not None and "\0" in value:
            raise InvalidParameter(f"'{name}' must not contain the character NUL.")
        return value

    def given(self, name: str) -> str | None:
        """Return the first value, which may be empty; None when absent."""
        return next(iter(self._values.get(name.casefold(), ())), None)

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return whether the parameter is true."""
        value = self.text(name)
        return default if value is None else value.casefold() == "true"

    def number(self, name: str) -> float | None:
        """Return a number of at least 0; None when absent. Raises InvalidParameter."""
        value = self.text(name)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            number = -1.0
        if not 0 <= number < 1e9:
            raise InvalidParameter(f"'{name}' must be a number of at least 0.")
        return number

    def time(self, name: str) -> datetime | None:
        """Return a time in ISO 8601, which without an offset is UTC; None when absent. Raises InvalidParameter."""
        value = self.text(name)
        if value is None:
            return None
        try:
            # A plus sign that the caller did not encode arrives as a space.
            time = datetime.fromisoformat(value.replace(" ", "+") if "T" in value else value)
            return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
        except (ValueError, OverflowError):  # the ends of the calendar may lie beyond it in UTC
            raise InvalidParameter(f"'{name}' must be a time such as 2026-01-31T12:00:00Z.") from None

    def statuses(self) -> tuple[RuntimeStatus, ...]:
        """Read `runtimeStatus`, comma-separated or repeated; names that do not exist are ignored."""
        names = [part.strip() for value in self._values.get("runtimestatus", ()) for part in value.split(",")]
        known = {status.value for status in RuntimeStatus}
        return tuple(RuntimeStatus(name) for name in names if name in known)
