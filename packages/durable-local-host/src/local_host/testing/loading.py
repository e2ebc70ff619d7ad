"""Apps in a process that tests several of them: each loaded once, known by its own module while it runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import ModuleType

from local_host.app.index import AppIndex
from local_host.app.loader import load_app, script_name


def app_index(directory: Path | str) -> AppIndex:
    """Return an app's functions and what triggers them, without running it."""
    return _loaded(Path(directory).resolve())[0]


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for the length of the block."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def imported(directory: Path | str) -> Iterator[AppIndex]:
    """Put the app's module under the name by which its own code knows it; other apps have the same name."""
    name = Path(script_name(os.environ)).stem
    before = sys.modules.get(name)
    try:
        app, sys.modules[name] = _loaded(Path(directory).resolve())
        yield app
    finally:
        sys.modules.pop(name, None)
        if before is not None:
            sys.modules[name] = before


@cache
def _loaded(directory: Path) -> tuple[AppIndex, ModuleType]:
    """Load an app once: the SDK lets it be indexed once per process, so all its tests share one index and one module."""
    app = load_app(directory)
    return app, sys.modules[Path(script_name(os.environ)).stem]
