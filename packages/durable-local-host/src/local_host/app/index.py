"""The functions of an app: what triggers each, what it binds, how it is called.

An index is made once per loaded app and never changes. Durable names are looked up ignoring case, as the Durable
extension does; they are not the Python names, so a call by a wrong name stays wrong here too.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from local_host.app.binding_types import input_type, output_type, trigger_type
from local_host.app.function import Binding, Function
from local_host.app.retry_policy import retry_policy
from local_host.app.sdk_types import http_types
from local_host.app.settings import is_disabled
from local_host.app.signatures import check_signature
from local_host.engine.executor import FunctionKind
from local_host.engine.start_problems import AppLoadError, FunctionLoadError, InvalidFunction

_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_\-]{0,127}\Z", re.IGNORECASE)


@dataclass(frozen=True)
class AppIndex:
    """All functions of one app. left_out: name -> why, for functions that this host cannot run or that are disabled.

    disabled: the durable ones that a setting disables, by kind and name in lower case; not_run: the other durable ones.
    """

    directory: Path
    functions: Mapping[str, Function]
    durable: Mapping[tuple[FunctionKind, str], Function]
    left_out: Mapping[str, str]
    disabled: frozenset[tuple[FunctionKind, str]] = frozenset()
    not_run: Mapping[tuple[FunctionKind, str], str] = field(default_factory=dict)

    def only(self, names: Sequence[str]) -> AppIndex:
        """Return the same app with these functions alone, whatever the case of their names; all of them when none is named."""
        wanted = {name.casefold() for name in names}
        others = {name for name in self.functions if wanted and name.casefold() not in wanted}
        reason = "not among the 'functions' of host.json"
        return replace(
            self,
            functions={name: each for name, each in self.functions.items() if name not in others},
            durable={key: each for key, each in self.durable.items() if each.name not in others},
            left_out={**self.left_out, **dict.fromkeys(others, reason)},
            not_run={**self.not_run, **{key: reason for key, each in self.durable.items() if each.name in others}},
        )

    def find(self, kind: FunctionKind, durable_name: str) -> Function | None:
        """Return the function of that kind and durable name, ignoring case; None when there is none."""
        return self.durable.get((kind, durable_name.casefold()))

    def durable_names(self, kind: FunctionKind) -> Sequence[str]:
        """Return the durable names of all functions of a kind."""
        return sorted(function.durable_name for (each, _), function in self.durable.items() if each is kind)

    def with_trigger(self, trigger_type: str) -> list[Function]:
        """Return the functions with that type of trigger."""
        return [function for function in self.functions.values() if function.trigger.type == trigger_type]


def index_functions(declared: Iterable[Any], directory: Path, environ: Mapping[str, str]) -> AppIndex:
    """Return the index of what `get_functions()` of the app object returned. Raises AppLoadError.

    The worker looks at every function before the host knows of one, so one that it refuses takes all others with it,
    and a function that will not run is checked too.
    """
    indexed = [_indexed(each) for each in declared]
    functions: dict[str, Function] = {}
    left_out: dict[str, str] = {}
    disabled: set[tuple[FunctionKind, str]] = set()
    not_run: dict[tuple[FunctionKind, str], str] = {}
    for function, sdk_parameters in indexed:
        _check_name(function.name)
        if is_disabled(function.name, environ):
            left_out[function.name] = "disabled by a setting"
            disabled.update(_durable_key(function))
        elif reason := _reason_to_leave_out(function, sdk_parameters):
            left_out[function.name] = reason
            not_run.update((key, reason) for key in _durable_key(function))
        else:
            functions[function.name] = function
    if not functions:
        raise AppLoadError(_nothing_to_run(directory, left_out))
    return AppIndex(directory, functions, _by_durable_name(functions.values()), left_out, frozenset(disabled), not_run)


def _indexed(declared: Any) -> tuple[Function, Sequence[str]]:
    """Return the function, and its parameters that this host cannot make."""
    name = declared.get_function_name()
    call = declared.get_user_function()
    bindings = [_binding(name, text) for text in declared.get_raw_bindings()]
    trigger = bindings[declared.get_bindings().index(declared.get_trigger())]
    signature = check_signature(name, call, bindings)
    function = Function(
        name=name,
        call=call,
        trigger=trigger,
        inputs=tuple(binding for binding in bindings if not binding.is_output and binding is not trigger),
        outputs=tuple(binding for binding in bindings if binding.is_output),
        is_async=inspect.iscoroutinefunction(call),
        wants_context=signature.wants_context,
        plain_parameters=signature.plain_parameters,
        retry=retry_policy(declared.get_settings_dict("retry_policy")),
    )
    return function, signature.sdk_parameters


def _binding(function: str, text: str) -> Binding:
    fields = json.loads(text)
    direction = fields.pop("direction")
    if direction == "INOUT":
        raise FunctionLoadError(function, '"inout" bindings are not supported')
    return Binding(fields.pop("type"), direction == "OUT", fields.pop("name"), fields)


def _check_name(name: str) -> None:
    if not _FUNCTION_NAME.match(name) or name.casefold() == "host":
        raise InvalidFunction(
            name,
            "a function name starts with a letter, has letters, digits, '_' and '-' only, at most 128, and is not 'host'",
        )


def _durable_key(function: Function) -> Iterator[tuple[FunctionKind, str]]:
    if function.kind is not None:
        yield function.kind, function.durable_name.casefold()


def _reason_to_leave_out(function: Function, sdk_parameters: Sequence[str]) -> str | None:
    if unsupported := sorted(_unsupported(function)):
        return f"this host does not run the binding {', '.join(unsupported)}"
    if function.trigger.type == "httpTrigger" and http_types() is not None:
        return "this host does not run HTTP functions with the types of another framework"
    if sdk_parameters:
        return f"this host does not make the SDK types of its parameters {', '.join(sdk_parameters)}"
    return None


def _unsupported(function: Function) -> Iterator[str]:
    if trigger_type(function.trigger.type) is None:
        yield function.trigger.type
    yield from (each.type for each in function.inputs if input_type(each.type) is None)
    yield from (each.type for each in function.outputs if output_type(each.type) is None)


def _nothing_to_run(directory: Path, left_out: Mapping[str, str]) -> str:
    reasons = "".join(f" '{name}': {reason}." for name, reason in left_out.items())
    advice = "Declare functions on the app object, or register its blueprints."
    return f"The app in {directory} has no function to run.{reasons} {advice}"


def _by_durable_name(functions: Iterable[Function]) -> dict[tuple[FunctionKind, str], Function]:
    durable: dict[tuple[FunctionKind, str], Function] = {}
    for function in functions:
        if function.kind is None:
            continue
        key = (function.kind, function.durable_name.casefold())
        if function.kind is FunctionKind.ORCHESTRATOR and function.durable_name.startswith("@"):
            raise InvalidFunction(function.name, "an orchestrator's name cannot start with '@'")
        if key in durable:
            raise InvalidFunction(
                function.name, f"the {function.kind} name '{function.durable_name}' is taken by '{durable[key].name}'"
            )
        durable[key] = function
    return durable
