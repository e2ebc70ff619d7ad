"""Checks a function's parameters against its bindings as the Python worker does when it loads a function.

What the real worker refuses is refused here with its text, in its order, so that an app does not first fail in Azure.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeGuard

from local_host.app.generic_types import arguments_of, is_generic, origin_of
from local_host.app.sdk_types import is_sdk_type, is_settlement_client
from local_host.app.type_checks import fits_input, fits_output, has_implicit_output
from local_host.engine.start_problems import FunctionLoadError, IndexingError

if TYPE_CHECKING:
    from local_host.app.function import Binding


@dataclass(frozen=True)
class Signature:
    """What the invoker needs to know. plain_parameters: name -> `str` or `bytes`, for parameters that want raw data.

    sdk_parameters: those that only an `azurefunctions-extensions` package can make a value for.
    """

    wants_context: bool
    plain_parameters: Mapping[str, type]
    sdk_parameters: tuple[str, ...]


def check_signature(function: str, call: Callable[..., Any], bindings: Sequence[Binding]) -> Signature:
    """Check the parameters. Raises FunctionLoadError, or IndexingError for what the worker itself stumbles over."""
    try:
        return _check(function, call, bindings)
    except FunctionLoadError:
        raise
    except Exception as error:
        raise IndexingError.of(error) from error


def _check(function: str, call: Callable[..., Any], bindings: Sequence[Binding]) -> Signature:
    parameters = list(inspect.signature(call).parameters)
    annotations = typing.get_type_hints(call)
    inspect.getfile(call)
    bound = _bound(function, bindings)
    wants_context = "context" in parameters and "context" not in bound
    if wants_context:
        parameters.remove("context")
        _check_context(function, annotations)
    parameters = _without_settlement_client(parameters, bound, annotations)
    _check_names(function, parameters, bound)
    for name in parameters:
        if name in annotations:
            _check_parameter(function, bound[name], annotations[name])
    _check_return(function, bindings, annotations)
    plain = {name: annotations[name] for name in bound if annotations.get(name) in (str, bytes)}
    return Signature(wants_context, plain, tuple(name for name in parameters if is_sdk_type(annotations.get(name))))


def _bound(function: str, bindings: Sequence[Binding]) -> dict[str, Binding]:
    for binding in bindings:
        if binding.name == "$return" and not binding.is_output:
            raise FunctionLoadError(function, '"$return" binding must have direction set to "out"')
    return {binding.name: binding for binding in bindings if binding.name != "$return"}


def _check_context(function: str, annotations: Mapping[str, Any]) -> None:
    if "context" not in annotations:
        return
    annotation = annotations["context"]
    if not isinstance(annotation, type) or annotation.__name__ != "Context":
        raise FunctionLoadError(
            function,
            f'the "context" parameter is expected to be of type azure.functions.Context, got "{annotation!r}"',
        )


def _without_settlement_client(
    parameters: list[str], bound: Mapping[str, Binding], annotations: Mapping[str, Any]
) -> list[str]:
    unbound = [name for name in parameters if name not in bound]
    if len(unbound) == 1 and is_settlement_client(annotations.get(unbound[0])):
        parameters.remove(unbound[0])
    return parameters


def _check_names(function: str, parameters: Sequence[str], bound: Mapping[str, Binding]) -> None:
    if unbound := sorted(set(parameters) - set(bound)):
        raise FunctionLoadError(
            function,
            "the following parameters are declared in Python but not in the function definition "
            f"(function.json or function decorators):  {_as_set(unbound)}",
        )
    if unused := sorted(set(bound) - set(parameters)):
        raise FunctionLoadError(
            function,
            "Extra parameters in binding definition — the following parameters are declared as bindings but are not "
            f"present in Python: {_as_set(unused)}",
        )


def _as_set(names: Sequence[str]) -> str:
    """Return the names as Python writes a set, in an order that stays the same."""
    return f"{{{', '.join(map(repr, names))}}}"


def _check_parameter(function: str, binding: Binding, annotation: Any) -> None:
    is_out = _is_out(annotation)
    value_type = _out_type(function, binding.name, annotation) if is_out else annotation
    if not isinstance(value_type, type) and not is_generic(value_type):
        raise FunctionLoadError(function, f"binding {binding.name} has invalid non-type annotation {annotation!r}")
    if binding.is_output and not is_out:
        raise FunctionLoadError(
            function,
            f'binding {binding.name} is declared to have the "out" direction, but its annotation in Python is not '
            "a subclass of azure.functions.Out",
        )
    if is_out and not binding.is_output:
        raise FunctionLoadError(
            function,
            f'binding {binding.name} is declared to have the "in" direction in the binding decorator, '
            "but its annotation is azure.functions.Out in Python",
        )
    is_plain = value_type in (str, bytes) and not has_implicit_output(binding.type)
    fits = fits_output if is_out else fits_input
    if not fits("generic" if is_plain else binding.type, value_type):
        raise FunctionLoadError(function, _misfit(binding, value_type.__name__))


def _is_out(annotation: Any) -> bool:
    origin = origin_of(annotation) if is_generic(annotation) else None
    return _is_class_named_out(annotation if origin is None else origin)


def _is_class_named_out(value: Any) -> TypeGuard[type]:
    return isinstance(value, type) and value.__name__ == "Out"


def _out_type(function: str, name: str, annotation: Any) -> Any:
    arguments = arguments_of(annotation)
    if len(arguments) != 1:
        raise FunctionLoadError(function, f"binding {name} has invalid Out annotation {annotation!r}")
    return arguments[0]


def _misfit(binding: Binding, type_name: str) -> str:
    if binding.fields.get("dataType") == "UNDEFINED":
        return (
            f'type of {binding.name} binding in the binding decorator "{binding.type}" does not match its '
            f'Python annotation "{type_name}"'
        )
    return (
        f'binding type "{binding.name!r}" and dataType "{binding.type}" in the binding decorator do not match '
        f"the corresponding function parameter's Python type annotation {type_name}"
    )


def _check_return(function: str, bindings: Sequence[Binding], annotations: Mapping[str, Any]) -> None:
    returned = next((binding for binding in bindings if binding.name == "$return"), None)
    if returned is None or "return" not in annotations:
        return
    annotation = annotations["return"]
    origin = origin_of(annotation) if is_generic(annotation) else None
    if origin is not None and origin.__name__ == "Out":
        raise FunctionLoadError(function, "return annotation should not be azure.functions.Out")
    if not isinstance(annotation, type):
        raise FunctionLoadError(function, f"has invalid non-type return annotation {annotation!r}")
    if not fits_output(returned.type, annotation):
        raise FunctionLoadError(
            function,
            f'Python return annotation "{annotation.__name__}" does not match binding type "{returned.type}"',
        )
