"""The types of bindings that this host runs: a registry that each type enters by itself.

A type is one file. Those of this package are the modules of `local_host.bindings.types`, found by their place. A package of
its own registers its types in a module that it names as an entry point of the group `local_host.bindings`; such packages are
imported when an app has a binding that is not known otherwise.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from azure.functions.meta import Datum

from local_host.engine.failure_log import ONLY, Attempt

if TYPE_CHECKING:
    from local_host.app.function import Binding, Function
    from local_host.engine.clock import Clock

ENTRY_POINTS = "local_host.bindings"
_OWN = "local_host.bindings.types"


class Listener(Protocol):
    """Watches one source for one function."""

    async def listen(self) -> None:
        """Run until cancelled."""


class TriggerSource(Protocol):
    """What triggers functions, for all functions of one app."""

    def listener(self, function: Function) -> Listener:
        """Return what watches the source for one function.

        Raises:
            CannotStart: The binding names something that cannot be used.
        """

    async def run_by_hand(self, function: Function, value: str) -> None:
        """Run a function once, with the text of a message, the path of a blob, or whatever the trigger hands over."""


class InputSource(Protocol):
    """Reads what input bindings of one type name."""

    async def read(self, binding: Binding, values: Mapping[str, str]) -> Datum | None:
        """Return the raw value, or None when there is none.

        Args:
            binding: The binding as the app declares it.
            values: For the placeholders in its paths and names.
        """


class OutputTarget(Protocol):
    """Sends what functions set for output bindings of one type."""

    async def send(self, binding: Binding, datum: Datum, values: Mapping[str, str]) -> None:
        """Send one value. `values` are for the placeholders in paths and names."""


class Run(Protocol):
    """Runs a triggered function, again where its `retry` decorator says so."""

    async def __call__(
        self,
        function: Function,
        datum: Datum,
        metadata: Mapping[str, Datum] | None = None,
        delivery: Attempt = ONLY,
    ) -> bool:
        """Return whether the function succeeded in the end; a failure is logged.

        Args:
            function: The function to run.
            datum: The raw value of its trigger.
            metadata: What came with the value.
            delivery: Which delivery of the same value it is; `failure_log.ONLY` unless there are several.
        """


@dataclass(frozen=True, kw_only=True)
class BindingServices:
    """What the host hands to binding types.

    Attributes:
        run: Runs a triggered function.
        clock: The host's clock; a test may hold it still.
        accounts: The storage accounts that settings name, a `bindings.storage.StorageAccounts`.
        queues: The section `extensions.queues` of host.json.
        origin: Where the host answers, such as `http://127.0.0.1:7071`.
        hub_name: The name of the task hub.
        environ: The settings of the app.
        times_path: Where timers keep their times; None to forget them.
        leaves_leases: Whether what is in hand when the host stops waits for its lease to end.
    """

    run: Run
    clock: Clock
    accounts: Any
    queues: Any
    origin: str
    hub_name: str
    environ: Mapping[str, str]
    times_path: Path | None = None
    leaves_leases: bool = False


def _no_values(_: Function, __: Datum) -> dict[str, str]:
    return {}


def _no_reason(_: Function, __: Mapping[str, Datum]) -> str:
    return "(null)"


@dataclass(frozen=True, kw_only=True)
class TriggerType:
    """One type of trigger.

    Attributes:
        name: The type as function.json has it, such as `queueTrigger`.
        source: Makes what triggers functions; None for what arrives by HTTP or from the engine.
        values: What the trigger's raw value gives for placeholders in other bindings of the function.
        reason: Why a function runs, in the words of the real host's log line.
    """

    name: str
    source: Callable[[BindingServices], TriggerSource] | None = None
    values: Callable[[Function, Datum], dict[str, str]] = field(default=_no_values)
    reason: Callable[[Function, Mapping[str, Datum]], str] = field(default=_no_reason)


@dataclass(frozen=True, kw_only=True)
class InputType:
    """One type of input binding. is_text: functions get the raw text, not what a converter of the SDK makes of it."""

    name: str
    source: Callable[[BindingServices], InputSource]
    is_text: bool = False


@dataclass(frozen=True, kw_only=True)
class OutputType:
    """One type of output binding. target: None for the HTTP response, which goes back to the caller."""

    name: str
    target: Callable[[BindingServices], OutputTarget] | None


_triggers: dict[str, TriggerType] = {}
_inputs: dict[str, InputType] = {}
_outputs: dict[str, OutputType] = {}
_T = TypeVar("_T", TriggerType, InputType, OutputType)


def register(binding_type: TriggerType | InputType | OutputType) -> None:
    """Make a type known. One of the same name and direction takes the place of an earlier one."""
    match binding_type:
        case TriggerType():
            _triggers[binding_type.name] = binding_type
        case InputType():
            _inputs[binding_type.name] = binding_type
        case OutputType():
            _outputs[binding_type.name] = binding_type


def trigger_type(name: str) -> TriggerType | None:
    """Return the trigger type of that name, or None when this host does not run it."""
    return _find(_triggers, name)


def input_type(name: str) -> InputType | None:
    """Return the type of input binding of that name, or None when this host does not run it."""
    return _find(_inputs, name)


def output_type(name: str) -> OutputType | None:
    """Return the type of output binding of that name, or None when this host does not run it."""
    return _find(_outputs, name)


def sent_outputs(function: Function) -> tuple[Binding, ...]:
    """Return the outputs that go somewhere else than back to the caller of the function."""
    types = ((binding, output_type(binding.type)) for binding in function.outputs)
    return tuple(binding for binding, found in types if found is not None and found.target is not None)


def _find(known: Mapping[str, _T], name: str) -> _T | None:
    _import_own()
    if name not in known:
        _import_others()
    return known.get(name)


@cache
def _import_own() -> None:
    for module in pkgutil.iter_modules(importlib.import_module(_OWN).__path__):
        importlib.import_module(f"{_OWN}.{module.name}")


@cache
def _import_others() -> None:
    for entry_point in entry_points(group=ENTRY_POINTS):
        entry_point.load()
