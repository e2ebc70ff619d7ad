"""The functions of an app: what triggers each, what it binds, how it is called.

An index is made once per loaded app and never changes. Durable names are looked up ignoring case, as the Durable
extension does; they are not the Python names, so a call by a wrong name stays wrong here too.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_host.app.signatures import check_signature
from local_host.app.time_span import parse_time_span
from local_host.executor import FunctionKind
from local_host.start_problems import AppLoadError, FunctionLoadError

_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_\-]{0,127}\Z", re.IGNORECASE)
# Trigger type -> (kind, field of the decorator that renames it).
_DURABLE_TRIGGERS = {
    "orchestrationTrigger": (FunctionKind.ORCHESTRATOR, "orchestration"),
    "activityTrigger": (FunctionKind.ACTIVITY, "activity"),
    "entityTrigger": (FunctionKind.ENTITY, "entityName"),
}
_INPUTS = {*_DURABLE_TRIGGERS, "httpTrigger", "timerTrigger", "queueTrigger", "blobTrigger", "blob", "durableClient"}
_OUTPUTS = {"http", "queue", "blob"}


@dataclass(frozen=True)
class Binding:
    """One binding of a function. name: its parameter, or `$return`; fields: the rest, as in function.json."""

    type: str
    is_output: bool
    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """The `retry` decorator. maximum_s is None for a fixed delay; max_retries -1 means for ever."""

    max_retries: int
    delay_s: float
    maximum_s: float | None = None

    def delay_before(self, attempt: int) -> float:
        """Seconds to wait before retry number `attempt` (1 is the first)."""
        return self.delay_s if self.maximum_s is None else min(self.maximum_s, self.delay_s * 2 ** min(attempt - 1, 30))


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of the app, ready to be called with keyword arguments."""

    name: str
    call: Callable[..., Any]
    trigger: Binding
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    is_async: bool
    wants_context: bool
    # Parameters annotated `str` or `bytes`: the worker hands them the raw text or bytes instead of a rich object.
    plain_parameters: Mapping[str, type]
    retry: RetryPolicy | None

    @property
    def binds_storage(self) -> bool:
        """Whether it reads or sends something through bindings beside its trigger."""
        return any(binding.type in ("blob", "queue") for binding in (*self.inputs, *self.outputs))

    @property
    def kind(self) -> FunctionKind | None:
        """What it is to the Durable engine; None for a function with another trigger."""
        durable = _DURABLE_TRIGGERS.get(self.trigger.type)
        return durable[0] if durable else None

    @property
    def durable_name(self) -> str:
        """The name under which orchestrations and clients reach it."""
        renamed = _DURABLE_TRIGGERS[self.trigger.type][1]
        return str(self.trigger.fields.get(renamed) or self.name)


@dataclass(frozen=True)
class AppIndex:
    """All functions of one app. left_out: name -> why, for functions that this host cannot run or that are disabled.

    disabled: the durable ones of these, by kind and name in lower case.
    """

    directory: Path
    functions: Mapping[str, Function]
    durable: Mapping[tuple[FunctionKind, str], Function]
    left_out: Mapping[str, str]
    disabled: frozenset[tuple[FunctionKind, str]] = frozenset()

    def find(self, kind: FunctionKind, durable_name: str) -> Function | None:
        return self.durable.get((kind, durable_name.casefold()))

    def durable_names(self, kind: FunctionKind) -> Sequence[str]:
        return sorted(function.durable_name for (each, _), function in self.durable.items() if each is kind)

    def with_trigger(self, trigger_type: str) -> list[Function]:
        return [function for function in self.functions.values() if function.trigger.type == trigger_type]


def index_functions(declared: Iterable[Any], directory: Path, environ: Mapping[str, str]) -> AppIndex:
    """The index of what `get_functions()` of the app object returned. Raises AppLoadError."""
    functions: dict[str, Function] = {}
    left_out: dict[str, str] = {}
    disabled: set[tuple[FunctionKind, str]] = set()
    for each in declared:
        name = each.get_function_name()
        _check_name(name)
        bindings = [_binding(text) for text in each.get_raw_bindings()]
        if _is_disabled(name, environ):
            left_out[name] = "disabled by a setting"
            disabled.update(_durable_keys(name, bindings))
        elif reason := _reason_to_leave_out(bindings):
            left_out[name] = reason
        else:
            functions[name] = _function(name, each, bindings)
    if not functions:
        raise AppLoadError(_nothing_to_run(directory, left_out))
    return AppIndex(directory, functions, _by_durable_name(functions.values()), left_out, frozenset(disabled))


def _function(name: str, declared: Any, bindings: Sequence[Binding]) -> Function:
    trigger = next(binding for binding in bindings if binding.type.casefold().endswith("trigger"))
    call = declared.get_user_function()
    signature = check_signature(name, call, bindings)
    return Function(
        name=name,
        call=call,
        trigger=trigger,
        inputs=tuple(binding for binding in bindings if not binding.is_output and binding is not trigger),
        outputs=tuple(binding for binding in bindings if binding.is_output),
        is_async=inspect.iscoroutinefunction(call),
        wants_context=signature.wants_context,
        plain_parameters=signature.plain_parameters,
        retry=_retry_policy(name, declared.get_settings_dict("retry_policy")),
    )


def _binding(text: str) -> Binding:
    fields = json.loads(text)
    is_output = fields.pop("direction") == "OUT"
    return Binding(fields.pop("type"), is_output, fields.pop("name"), fields)


def _check_name(name: str) -> None:
    if not _FUNCTION_NAME.match(name) or name.casefold() == "host":
        raise FunctionLoadError(
            name,
            "a function name starts with a letter, has letters, digits, '_' and '-' only, at most 128, and is not 'host'",
        )


def _is_disabled(name: str, environ: Mapping[str, str]) -> bool:
    return environ.get(f"AzureWebJobs.{name}.Disabled", "").casefold() in {"true", "1"}


def _durable_keys(name: str, bindings: Sequence[Binding]) -> Iterator[tuple[FunctionKind, str]]:
    for binding in bindings:
        if binding.type in _DURABLE_TRIGGERS:
            kind, renamed = _DURABLE_TRIGGERS[binding.type]
            yield kind, str(binding.fields.get(renamed) or name).casefold()


def _reason_to_leave_out(bindings: Sequence[Binding]) -> str | None:
    unsupported = sorted(each.type for each in bindings if each.type not in (_OUTPUTS if each.is_output else _INPUTS))
    return f"this host does not run the binding {', '.join(unsupported)}" if unsupported else None


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
            raise FunctionLoadError(function.name, "an orchestrator's name cannot start with '@'")
        if key in durable:
            raise FunctionLoadError(
                function.name, f"the {function.kind} name '{function.durable_name}' is taken by '{durable[key].name}'"
            )
        durable[key] = function
    return durable


def _retry_policy(name: str, setting: Mapping[str, Any] | None) -> RetryPolicy | None:
    if not setting:
        return None
    try:
        exponential = setting["strategy"] == "exponential_backoff"
        first = setting["minimum_interval"] if exponential else setting["delay_interval"]
        return RetryPolicy(
            max_retries=int(setting["max_retry_count"]),
            delay_s=parse_time_span(first).total_seconds(),
            maximum_s=parse_time_span(setting["maximum_interval"]).total_seconds() if exponential else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise FunctionLoadError(
            name, "its retry policy needs a strategy, max_retry_count and intervals of the form HH:MM:SS"
        ) from None
