"""What pydantic finds wrong with a document, in words for the person who sent it and without the rejected values."""

from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.cards import looks_like_card_number
from domain.field_error import FieldError

_MAX_NAME_CHARS: Final = 64


def field_errors(error: ValidationError) -> list[FieldError]:
    """Return the errors, each with the path of its field."""
    found = error.errors(include_input=False, include_url=False)
    return [
        FieldError(field=field_path(each["loc"]), rule=each["type"], message=_in_words(each))
        for each in found
        if not _follows(each, found)
    ]


def field_path(location: Iterable[str | int]) -> str:
    """Return a place in a document: ("lines", 0, "quantity") is `lines[0].quantity`; the document itself is `body`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{shown_name(part)}" if path else shown_name(part)
    return path or "body"


def shown_name(name: str) -> str:
    """Return a caller's key as it may be repeated to them: short, no card number, and text that can be sent."""
    if looks_like_card_number(name):
        return "(hidden)"
    return name[:_MAX_NAME_CHARS].encode(errors="replace").decode()  # JSON can spell half a character, UTF-8 cannot


def _in_words(error: ErrorDetails) -> str:
    """Return pydantic's message without the names that Python has for things. One without a context is ours already."""
    context = error.get("ctx", {})
    match error["type"]:
        case "model_type" | "model_attributes_type" | "dict_type":
            return "Must be an object"
        case "list_type" | "tuple_type":
            return "Must be a list"
        case "too_short":
            return f"Must have at least {_items(context['min_length'])}"
        case "too_long":
            return f"Must have at most {_items(context['max_length'])}"
        case "string_pattern_mismatch" if "pattern" in context:
            return "Has characters or a form that is not allowed"
    return error["msg"]


def _items(number: int) -> str:
    return f"{number} item" if number == 1 else f"{number} items"


def _follows(error: ErrorDetails, found: Iterable[ErrorDetails]) -> bool:
    # pydantic does not count the wrong items of a list, and then finds it too short.
    place = error["loc"]
    return error["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and other["loc"] != place for other in found
    )
