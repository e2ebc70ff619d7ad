"""Imports an app as the Python worker does: `function_app.py`, its one app object, `get_functions()` once."""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from azure.functions import FunctionRegister

from local_host.app.index import AppIndex, index_functions
from local_host.engine.start_problems import AppLoadError, IndexingError


def load_app(directory: Path, environ: Mapping[str, str] = os.environ) -> AppIndex:
    """Import the app and index its functions; `directory` stays on `sys.path` for the app's later imports.

    An app can be loaded once per process, since the SDK builds its functions once. Raises AppLoadError, a single line
    that names the cause and, for an exception, the place in the app's code.
    """
    script = script_name(environ)
    path = directory / script
    if not path.is_file():
        raise AppLoadError(f"There is no {script} in {directory}. Pass the app's folder as --app.")
    module = _import(path)
    return index_functions(_declared_functions(module, script), directory, environ)


def script_name(environ: Mapping[str, str]) -> str:
    """Return the file that holds the app object, `function_app.py` unless a setting names another."""
    return environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"


def _import(path: Path) -> ModuleType:
    name = path.stem
    _forget_other_app(name, path)
    folder = str(path.parent)
    if folder in sys.path:  # behind the folder of another app, whose modules may have the same names
        sys.path.remove(folder)
    sys.path.insert(0, folder)
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:
        raise AppLoadError(f"{path.name} cannot be loaded: {_in_one_line(error, path.parent)}") from error


def _forget_other_app(name: str, path: Path) -> None:
    """Forget the module of another folder's app, which has the same name."""
    loaded = sys.modules.get(name)
    if loaded is not None and Path(loaded.__file__ or "").resolve() != path.resolve():
        del sys.modules[name]


def _declared_functions(module: ModuleType, script: str) -> list[Any]:
    # By name, as the worker counts: one app object under two names is refused too.
    apps = [value for value in vars(module).values() if isinstance(value, FunctionRegister)]
    if not apps:
        raise IndexingError(f"ValueError: Could not find top level function app instances in {script}.")
    if len(apps) > 1:
        kind = type(apps[0]).__name__
        raise IndexingError(f"ValueError: More than one {kind} or other top level function app instances are defined.")
    try:
        return _quietly(apps[0])
    except Exception as error:
        raise IndexingError.of(error) from error


def _quietly(app: Any) -> list[Any]:
    """Return the functions. The SDK warns of apps without HTTP functions, which is no problem: the warning is held back."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        return list(app.get_functions())
    finally:
        root.setLevel(level)


def _in_one_line(error: BaseException, directory: Path) -> str:
    text = f"{type(error).__name__}: {_one_line(_message(error))}"
    place = _place(error, directory)
    return f"{text} ({place})" if place else text


def _message(error: BaseException) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)


def _place(error: BaseException, directory: Path) -> str | None:
    """Return `file:line` of the app's code nearest to the exception."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, directory)}:{error.lineno}"
    return _last_own_line(error.__traceback__, directory)


def _last_own_line(trace: TracebackType | None, directory: Path) -> str | None:
    own = [frame for frame in traceback.extract_tb(trace) if _is_own(frame.filename, directory)]
    return f"{_relative(own[-1].filename, directory)}:{own[-1].lineno}" if own else None


def _is_own(filename: str, directory: Path) -> bool:
    path = Path(filename)
    return path.is_relative_to(directory) and not {"site-packages", "local_host"} & set(
        path.relative_to(directory).parts
    )


def _relative(filename: str, directory: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(directory)) if path.is_relative_to(directory) else filename


def _one_line(text: str) -> str:
    return " ".join(text.split())
