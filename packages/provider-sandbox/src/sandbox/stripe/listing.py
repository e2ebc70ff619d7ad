"""Cursor pagination and time filters of Stripe's list endpoints."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.core.exchange import JsonObject
from sandbox.stripe.errors import invalid_request, no_such
from sandbox.stripe.params import Reader, choice, integer, text

_COMPARE: dict[str, Callable[[int, int], bool]] = {
    "gt": lambda created, bound: created > bound,
    "gte": lambda created, bound: created >= bound,
    "lt": lambda created, bound: created < bound,
    "lte": lambda created, bound: created <= bound,
}


def limit(name: str, value: Any) -> int:
    """Read how many items a page has. Raises StripeRefusal."""
    number = integer(name, value)
    if not 1 <= number <= 100:
        raise invalid_request("This value must be between 1 and 100.", code="parameter_invalid_integer", param=name)
    return number


def created(name: str, value: Any) -> dict[str, int]:
    """Read `created=5` or `created[gte]=5`: bounds by comparison."""
    if not isinstance(value, dict):
        moment = integer(name, value)
        return {"gte": moment, "lte": moment}
    return {
        choice(*_COMPARE)(f"{name}[{word}]", word): integer(f"{name}[{word}]", bound) for word, bound in value.items()
    }


PAGING: dict[str, Reader] = {"limit": limit, "starting_after": text, "ending_before": text, "created": created}


def page(objects: Iterable[JsonObject], paging: JsonObject, *, what: str) -> tuple[list[JsonObject], bool]:
    """Return one page of the objects, which come newest first, and whether there are more in the direction of travel."""
    bounds: dict[str, int] = paging.get("created", {})
    found = [one for one in objects if all(_COMPARE[word](one["created"], at) for word, at in bounds.items())]
    size = paging.get("limit", 10)
    if "ending_before" in paging:
        before = found[: _position(found, paging["ending_before"], what, "ending_before")]
        return before[-size:], len(before) > size
    if "starting_after" in paging:
        found = found[_position(found, paging["starting_after"], what, "starting_after") + 1 :]
    return found[:size], len(found) > size


def _position(found: list[JsonObject], object_id: str, what: str, param: str) -> int:
    for index, one in enumerate(found):
        if one["id"] == object_id:
            return index
    raise no_such(what, object_id[:60], param=param, in_path=False)
