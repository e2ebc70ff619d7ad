"""Every function of the app as the platform has to know it, read from an index instead of importing what declares them all.

The first start after a change imports every blueprint and keeps the index beside the compiled modules, as Python keeps those. Each
later start reads it and imports no blueprint: a function is then a stub with the name, the bindings and the signature of the
declared one, and its first call imports the module that declares it. Those modules are ordinary ones and know nothing of this.

`write_unchecked_index` writes one for a package, whose sources do not change.
"""
# ruff: noqa: E402 - the imports stand where the collector is off

import gc

# What a start makes stays for the life of the process: looking for garbage in it would be a tenth of every cold start.
gc.disable()

import hashlib
import inspect
import os
import pickle
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import copy
from functools import cache
from importlib import import_module
from importlib.util import cache_from_source
from pathlib import Path
from threading import Lock
from typing import Any, Final, NamedTuple

import azure.durable_functions as df
import azure.functions as func
from azure.functions.decorators.function_app import Function, FunctionBuilder

from identity_settings import identity_kind
from setting_values import manifest_events

SOURCES: Final = ("activities", "console", "domain", "entities", "orchestrators", "services", "triggers")
"""The folders on whose modules declarations may depend, beside the modules of the app's own folder."""

_ROOT: Final = os.path.dirname(os.path.abspath(__file__))
_UNCHECKED: Final = b"unchecked".ljust(hashlib.sha256().digest_size)
_HANDED_ON: Final = ("__module__", "__name__", "__qualname__", "__doc__", "__annotations__")
_IMPORTING: Final = Lock()
# What pickle raises for bytes that were cut short or changed, and for objects of other SDKs: a package's index is not checked.
_UNREADABLE: Final = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)


class Declared(NamedTuple):
    """One function as its module declares it.

    Attributes:
        module: Which declares it, on its `bp`.
        function: The SDK's `Function`, without its code.
        attributes: Of its code, those that the worker reads.
    """

    module: str
    name: str
    function: Any
    signature: inspect.Signature
    attributes: dict[str, Any]
    is_coroutine: bool


def declared_functions() -> tuple[Declared, ...]:
    """Import every blueprint and return what they declare."""
    from blueprints import BLUEPRINTS

    return tuple(_declared(module, builder._function) for module in BLUEPRINTS for builder in _builders(module))


def _declared(module: str, function: Function) -> Declared:
    code = function.get_user_function()
    without_code: Any = copy(function)
    without_code._func = None
    return Declared(
        module=module,
        name=_name(function),
        function=without_code,
        signature=inspect.signature(code),
        attributes={name: getattr(code, name) for name in _HANDED_ON} | _mark_of_orchestrator(code),
        is_coroutine=inspect.iscoroutinefunction(code),
    )


def _mark_of_orchestrator(code: Callable[..., Any]) -> dict[str, bool]:
    """Return the attribute by which the SDK's handle of an orchestrator is known: what replays one makes no second handle."""
    return {"orchestrator_function": True} if hasattr(code, "orchestrator_function") else {}


def _name(function: Function) -> str:
    return str(function.get_function_name())


@cache
def _builders(module: str) -> list[FunctionBuilder]:
    """Return what a module declares, each function to run within the trace that the platform hands it."""
    from services.tracing import trace_calls

    blueprint = import_module(module).bp
    trace_calls(blueprint)
    return list(blueprint._function_builders)  # the SDK has no public way to it


def stub(declared: Declared) -> Callable[..., Any]:
    """Return a function that looks like the declared one, and imports it when it is first called."""

    async def run(*args: Any, **bindings: Any) -> Any:
        return await codes(declared.module)[declared.name](*args, **bindings)

    def run_in_thread(*args: Any, **bindings: Any) -> Any:
        return codes(declared.module)[declared.name](*args, **bindings)

    made: Any = run if declared.is_coroutine else run_in_thread
    made.__signature__ = declared.signature
    for attribute, value in declared.attributes.items():
        setattr(made, attribute, value)
    return made  # type: ignore[no-any-return]


@cache
def codes(module: str) -> dict[str, Callable[..., Any]]:
    """Import a module of functions; return the code of each by its name."""
    # Activities are called in threads. The collector is the process's, so one import at a time turns it off and on again.
    with _IMPORTING:
        gc.disable()
        try:
            builders = _builders(module)
        finally:
            gc.freeze()
            gc.enable()
    return {_name(each._function): each._function.get_user_function() for each in builders}


def blueprint() -> df.Blueprint:
    """Return one blueprint with a stub of every function. It ends the start: from here on the collector is on.

    Raises:
        InvalidSetting: A setting that decides what is declared is wrong.
    """
    made = df.Blueprint()
    for declared in _functions():
        declared.function._func = stub(declared)
        builder: Any = FunctionBuilder(declared.function._func, declared.function.function_script_file)  # type: ignore[no-untyped-call]
        builder._function = declared.function
        made._function_builders.append(builder)
    gc.freeze()
    gc.enable()
    return made


def index_file() -> Path:
    """Return where the index is kept. Two settings decide what is declared, so each combination has one.

    Raises:
        InvalidSetting: One of them is wrong.
    """
    identity = "entra" if identity_kind(os.environ) == "entra" else "keys"
    compiled = cache_from_source(os.path.join(_ROOT, "function_index.py"))
    return Path(compiled).with_suffix(f".{identity}-{manifest_events(os.environ)}.index")


def _sources() -> bytes:
    """Return what an index depends on: the SDKs, and each module's time and size, by which Python checks compiled ones too."""
    sdks = [(module.__file__, os.stat(str(module.__file__)).st_mtime_ns) for module in (func, df)]
    deep = (each for name in SOURCES for each in _modules(f"{_ROOT}/{name}"))
    return repr((sdks, sorted((*_modules(_ROOT, deep=False), *deep)))).encode()


def _modules(folder: str, *, deep: bool = True) -> Iterator[tuple[str, int, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".py"):
                known = entry.stat()
                yield entry.path, known.st_mtime_ns, known.st_size
            elif deep and entry.is_dir() and entry.name != "__pycache__":
                yield from _modules(entry.path)


def write_unchecked_index() -> None:
    """Write the index of sources that will not change. Raises OSError."""
    _write(_UNCHECKED + pickle.dumps(declared_functions()))


def _write(content: bytes) -> None:
    """Write an index whole: a reader finds the one before, or this one. Raises OSError."""
    file = index_file()
    file.parent.mkdir(exist_ok=True)
    unfinished = file.with_name(f"{file.name}.{os.getpid()}")
    unfinished.write_bytes(content)
    unfinished.replace(file)


def _functions() -> tuple[Declared, ...]:
    file = index_file()
    content = b""
    with suppress(OSError):  # there is none, or it is another user's
        content = file.read_bytes()
    kept, index = content[: len(_UNCHECKED)], content[len(_UNCHECKED) :]
    sources = b"" if kept == _UNCHECKED else _sources()
    if kept == _UNCHECKED or kept == hashlib.sha256(sources + index).digest():
        with suppress(*_UNREADABLE):
            # Trusted as the compiled modules beside it are.
            read: tuple[Declared, ...] = pickle.loads(index)  # noqa: S301
            return read
    functions = declared_functions()
    if not sys.dont_write_bytecode:
        index = pickle.dumps(functions)
        with suppress(OSError):  # a read-only folder, say: the app works without, and starts more slowly
            _write(hashlib.sha256(sources + index).digest() + index)
    return functions
