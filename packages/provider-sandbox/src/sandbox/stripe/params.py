"""Reading Stripe's parameters: every name is known or refused, every value is checked before anything is executed."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sandbox.stripe.errors import StripeRefusal, invalid_request

Reader = Callable[[str, Any], Any]
_MAX_METADATA = {"keys": 50, "key": 40, "value": 500}


def read(params: Mapping[str, Any], known: Mapping[str, Reader], required: Collection[str] = ()) -> dict[str, Any]:
    """Return the parameters, typed. known: the reader of each name.

    Raises StripeRefusal for an unknown name, a missing one, an empty one, and whatever its reader refuses.
    """
    unknown = [name for name in params if name not in known]
    if unknown:
        plural = "s" if len(unknown) > 1 else ""
        names = ", ".join(name[:60] for name in unknown)
        raise invalid_request(
            f"Received unknown parameter{plural}: {names}", code="parameter_unknown", param=unknown[0][:60]
        )
    for name in required:
        if name not in params:
            raise invalid_request(f"Missing required param: {name}.", code="parameter_missing", param=name)
    return {name: known[name](name, value) for name, value in params.items()}


def integer(name: str, value: Any) -> int:
    """Read a whole number. Raises StripeRefusal."""
    text = _scalar(name, value)
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 15):
        raise invalid_request(
            "Invalid integer: the value is not a whole number", code="parameter_invalid_integer", param=name
        )
    return int(text)


def positive_integer(name: str, value: Any) -> int:
    """Read a whole number above 0. Raises StripeRefusal."""
    number = integer(name, value)
    if number < 1:
        raise invalid_request(
            "This value must be greater than or equal to 1.", code="parameter_invalid_integer", param=name
        )
    return number


def boolean(name: str, value: Any) -> bool:
    """Read `true` or `false`. Raises StripeRefusal."""
    text = _scalar(name, value)
    if text not in ("true", "false"):
        raise invalid_request("Invalid boolean: must be true or false", param=name)
    return text == "true"


def text(name: str, value: Any) -> str:
    """Read a string. Raises StripeRefusal."""
    return _scalar(name, value)


def choice(*values: str) -> Reader:
    """Return a reader for one of the given words."""

    def read_choice(name: str, value: Any) -> str:
        word = _scalar(name, value)
        if word not in values:
            listed = f"{', '.join(values[:-1])}, or {values[-1]}" if len(values) > 1 else values[0]
            raise invalid_request(f"Invalid {name}: must be one of {listed}", param=name)
        return word

    return read_choice


def text_list(name: str, value: Any) -> list[str]:
    """Read a list of strings. Raises StripeRefusal."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise invalid_request("Invalid array", param=name)
    return value


def mapping(name: str, value: Any) -> dict[str, Any]:
    """Read an object. Raises StripeRefusal."""
    if not isinstance(value, dict):
        raise invalid_request("Invalid object", param=name)
    return value


def metadata(name: str, value: Any) -> dict[str, str]:
    """Read metadata: keys and values are strings of limited length; an empty value removes the key."""
    if value == "":
        return {}
    entries = _as_entries(name, value)
    if len(entries) > _MAX_METADATA["keys"]:
        raise invalid_request(f"Metadata can have up to {_MAX_METADATA['keys']} keys.", param=name)
    for key, entry in entries.items():
        if len(key) > _MAX_METADATA["key"]:
            raise invalid_request("Metadata keys can have up to 40 characters.", param=name)
        if not isinstance(entry, str) or len(entry) > _MAX_METADATA["value"]:
            raise invalid_request("Metadata values can have up to 500 characters.", param=f"{name}[{key}]")
    return entries


def _as_entries(name: str, value: Any) -> dict[str, Any]:
    """Return metadata as its entries. One whose keys are all numbers arrives as a list; it is still a mapping."""
    if isinstance(value, list):
        return {str(index): entry for index, entry in enumerate(value)}
    return mapping(name, value)


def _scalar(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid_request("Invalid string: got an object or an array", param=name)
    if value == "":
        raise _empty(name)
    return value


def _empty(name: str) -> StripeRefusal:
    return invalid_request(
        f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a field; however"
        f" '{name}' cannot be unset.",
        code="parameter_invalid_empty",
        param=name,
    )
