"""EasyPost's pages: newest first, `before_id` / `after_id` cursors, `has_more`."""

from collections.abc import Iterable

from sandbox.core.exchange import JsonObject
from sandbox.easypost import fields
from sandbox.easypost.errors import not_found

_PAGE_SIZE = 20
_MAX_PAGE_SIZE = 100


def page(objects: Iterable[JsonObject], params: JsonObject) -> tuple[list[JsonObject], bool]:
    """Return one page of objects that come newest first, and whether more follow."""
    found = list(objects)
    size = fields.count(params, "page_size", default=_PAGE_SIZE, maximum=_MAX_PAGE_SIZE)
    if "before_id" in params:
        found = found[_position(found, params["before_id"]) + 1 :]
    elif "after_id" in params:
        found = found[: _position(found, params["after_id"])]
    return found[:size], len(found) > size


def _position(found: list[JsonObject], object_id: str) -> int:
    for index, one in enumerate(found):
        if one["id"] == object_id:
            return index
    raise not_found()
