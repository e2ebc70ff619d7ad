"""Checks a function's parameters against its bindings as the Python worker does when it loads a function.

What the real worker refuses is refused here with the same meaning, so that an app does not first fail in Azure.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args, get_origin

from local_host.app.conversion import converter_for
from local_host.start_problems import FunctionLoadError

if TYPE_CHECKING:
    from local_host.app.index import Binding


@dataclass(frozen=True)
class Signature:
    """What the invoker needs to know. plain_parameters: name -> `str` or `bytes`, for parameters that want raw data."""

    wants_context: bool
    plain_parameters: Mapping[str, type]


def check_signature(function: str, call: Callable[..., Any], bindings: Sequence[Binding]) -> Signature:
    """Raises FunctionLoadError when the parameters are not exactly the bindings (and perhaps `context`)."""
    parameters = set(inspect.signature(call).parameters)
    annotations = _annotations(function, call)
    bound = {binding.name: binding for binding in bindings if binding.name != "$return"}
    wants_context = "context" in parameters and "context" not in bound
    if wants_context:
        parameters.discard("context")
        _check_context_annotation(function, annotations)
    _check_names(function, parameters, set(bound))
    for name, binding in bound.items():
        if name in annotations:
            _check_parameter(function, binding, annotations[name])
    _check_return(function, bindings, annotations)
    plain = {name: annotations[name] for name in bound if annotations.get(name) in (str, bytes)}
    return Signature(wants_context, plain)


def _annotations(function: str, call: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(call)
    except (NameError, TypeError, AttributeError) as error:
        raise FunctionLoadError(function, f"its annotations cannot be read, {type(error).__name__}: {error}") from None


def _check_context_annotation(function: str, annotations: Mapping[str, Any]) -> None:
    annotation = annotations.get("context")
    if annotation is not None and getattr(annotation, "__name__", "") != "Context":
        raise FunctionLoadError(
            function,
            f"the parameter 'context' is not a binding, so it must be of type azure.functions.Context, not {_name(annotation)}",
        )


def _check_names(function: str, parameters: set[str], bound: set[str]) -> None:
    if unbound := sorted(parameters - bound):
        raise FunctionLoadError(function, f"its parameters {unbound} are declared in Python but by no decorator")
    if unused := sorted(bound - parameters):
        raise FunctionLoadError(
            function, f"its bindings {unused} are declared by decorators but are not parameters in Python"
        )


def _check_parameter(function: str, binding: Binding, annotation: Any) -> None:
    is_out = getattr(get_origin(annotation) or annotation, "__name__", "") == "Out"
    if is_out != binding.is_output:
        wanted = "an azure.functions.Out" if binding.is_output else "no azure.functions.Out"
        raise FunctionLoadError(
            function, f"the parameter '{binding.name}' of its {binding.type} binding must be {wanted}"
        )
    accepted = _accepts_output if is_out else _accepts_input
    value_type = next(iter(get_args(annotation)), None) if is_out else annotation
    if value_type is not None and not accepted(binding.type, value_type):
        raise FunctionLoadError(
            function, f"the type {_name(value_type)} of '{binding.name}' does not fit its {binding.type} binding"
        )


def _check_return(function: str, bindings: Sequence[Binding], annotations: Mapping[str, Any]) -> None:
    returned = next((binding for binding in bindings if binding.name == "$return"), None)
    annotation = annotations.get("return")
    if returned is None or annotation is None or annotation is type(None):
        return
    if not _accepts_output(returned.type, annotation):
        raise FunctionLoadError(
            function, f"its return type {_name(annotation)} does not fit its {returned.type} binding"
        )


def _accepts_input(binding_type: str, annotation: Any) -> bool:
    return annotation in (str, bytes) or _fits(converter_for(binding_type).check_input_type_annotation, annotation)


def _accepts_output(binding_type: str, annotation: Any) -> bool:
    return annotation in (str, bytes) or _fits(converter_for(binding_type).check_output_type_annotation, annotation)


def _fits(check: Callable[[Any], Any], annotation: Any) -> bool:
    """The SDK's converters call `issubclass` on whatever they get; something that is no class does not fit."""
    try:
        return bool(check(annotation))
    except TypeError:
        return False


def _name(annotation: Any) -> str:
    return getattr(annotation, "__qualname__", None) or str(annotation)
