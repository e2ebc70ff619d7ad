"""Whether an annotation fits a binding, asked of the converter that the worker would ask."""

from __future__ import annotations

from typing import Any

from azure.functions import meta

from local_host.app.sdk_types import http_types, is_sdk_type, sdk_type_converter


class _Generic:
    """The worker's own converter, for bindings that the SDK has none for and for raw text or bytes."""

    @staticmethod
    def check_input_type_annotation(annotation: Any) -> bool:
        return issubclass(annotation, str | bytes)

    @staticmethod
    def check_output_type_annotation(annotation: Any) -> bool:
        return issubclass(annotation, str | bytes | bytearray)


def fits_input(binding_type: str, annotation: Any) -> bool:
    """Return whether a parameter of an input binding may have that type. Raises what the converter raises, such as TypeError."""
    if binding_type == "httpTrigger" and (types := http_types()) is not None:
        return bool(types.RequestTrackerMeta.check_type(annotation))
    converter = sdk_type_converter if is_sdk_type(annotation) else _sdk_converter
    return bool((converter(binding_type) or _Generic).check_input_type_annotation(annotation))


def fits_output(binding_type: str, annotation: Any) -> bool:
    """Return whether a value of that type may go to an output binding. Raises what the converter raises, such as TypeError."""
    if binding_type == "http" and (types := http_types()) is not None:
        return bool(types.ResponseTrackerMeta.check_type(annotation))
    return bool((_sdk_converter(binding_type) or _Generic).check_output_type_annotation(annotation))


def has_implicit_output(binding_type: str) -> bool:
    """Return whether a function with that binding may return a value without an output binding."""
    converter = _sdk_converter(binding_type)
    if converter is None:
        return binding_type != "durableClient"
    return bool(getattr(converter, "has_implicit_output", lambda: False)())


def _sdk_converter(binding_type: str) -> Any:
    return meta.get_binding_registry().get(binding_type)  # type: ignore[no-untyped-call]
