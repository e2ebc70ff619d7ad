"""Values between the host and the app's functions, through the converters of the SDK itself.

The worker gets a datum (a typed raw value) per binding, and a converter turns it into what the function sees, and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from azure.functions import meta
from azure.functions.meta import Datum

from local_host.app.type_checks import has_implicit_output

if TYPE_CHECKING:
    from local_host.app.function import Binding, Function


class _GenericConverter:
    """What the worker takes for a type that the SDK has no converter for: texts and bytes (its bindings/generic.py)."""

    @staticmethod
    def encode(value: Any, *, expected_type: type | None) -> Datum:
        if isinstance(value, str):
            return Datum(value, "string")
        if isinstance(value, bytes | bytearray):
            return Datum(bytes(value), "bytes")
        raise NotImplementedError

    @staticmethod
    def decode(datum: Datum, *, trigger_metadata: Mapping[str, Datum] | None) -> Any:
        if datum.type not in ("string", "bytes", "json"):
            raise ValueError(f'unexpected type of data received for the "generic" binding : {datum.type!r}')
        return datum.value


def converter_for(binding_type: str) -> Any:
    """Return the SDK's converter class of a binding type, or the generic one for a type without."""
    return meta.get_binding_registry().get(binding_type) or _GenericConverter  # type: ignore[no-untyped-call]


def decode_trigger(function: Function, datum: Datum, metadata: Mapping[str, Datum] | None = None) -> Any:
    """Return what the function's trigger parameter receives."""
    plain = function.plain_parameters.get(function.trigger.name)
    if plain is not None and not has_implicit_output(function.trigger.type):
        return _as_plain(datum.value, plain)
    return converter_for(function.trigger.type).decode(datum, trigger_metadata=metadata)


def decode_input(function: Function, binding: Binding, datum: Datum | None) -> Any:
    """Return what the parameter of an input binding receives; None when there is nothing."""
    if datum is None:
        return None
    plain = function.plain_parameters.get(binding.name)
    if plain is not None:
        return _as_plain(datum.value, plain)
    return converter_for(binding.type).decode(datum, trigger_metadata=None)


def encode_output(binding_type: str, value: Any) -> Datum:
    """Return what a function set or returned for an output binding. Raises what the worker raises for a wrong type."""
    try:
        return cast(Datum, converter_for(binding_type).encode(value, expected_type=None))
    except NotImplementedError:
        kind = type(value).__name__
        raise TypeError(
            f'unable to encode outgoing TypedData: unsupported type "{binding_type}" for Python type "{kind}"'
        ) from None


def _as_plain(value: Any, plain: type) -> Any:
    if plain is str and isinstance(value, bytes):
        return value.decode("utf-8")
    if plain is bytes and isinstance(value, str):
        return value.encode("utf-8")
    return value
