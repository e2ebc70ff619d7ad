"""EasyPost's pages: newest first, of a span of time, `before_id` / `after_id` cursors, `has_more`."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

from sandbox.core.exchange import Call, JsonObject
from sandbox.easypost import fields
from sandbox.easypost.errors import not_found

_PAGE_SIZE: Final = 20
_MAX_PAGE_SIZE: Final = 100
_MAX_OPEN_SPAN: Final = timedelta(days=30)
"""EasyPost's month: a list without both ends of its span is of so much time."""


def page(objects: Iterable[JsonObject], call: Call) -> tuple[list[JsonObject], bool]:
    """Return one page of objects that come newest first, and whether more follow."""
    size = fields.count(call.params, "page_size", default=_PAGE_SIZE, maximum=_MAX_PAGE_SIZE)
    since, until = _span(call)
    found = [one for one in objects if since <= datetime.fromisoformat(one["created_at"]) < until]
    if "before_id" in call.params:
        found = found[_position(found, call.params["before_id"]) + 1 :]
    elif "after_id" in call.params:
        found = found[: _position(found, call.params["after_id"])]
    return found[:size], len(found) > size


def _span(call: Call) -> tuple[datetime, datetime]:
    """Return the span of `created_at`: by default it ends with the present day, and is a month long."""
    since, until = fields.time(call.params, "start_datetime"), fields.time(call.params, "end_datetime")
    if until is None:
        today = call.now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
        until = today + timedelta(days=1) if since is None else since + _MAX_OPEN_SPAN
    return (until - _MAX_OPEN_SPAN if since is None else since), until


def _position(found: list[JsonObject], object_id: str) -> int:
    for index, one in enumerate(found):
        if one["id"] == object_id:
            return index
    raise not_found()
