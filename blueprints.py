"""Every blueprint of the app: the `bp` of each module in the folders of functions, so that a new module needs no entry anywhere.

All that is made here stays for the life of the process. So the collector is off meanwhile, and never walks it later: looking
for garbage in it would be a tenth of every cold start.
"""
# ruff: noqa: E402 - the imports stand where the collector is off

import gc

gc.disable()

from collections.abc import Iterator
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Final

FOLDERS: Final = (
    "activities",
    "entities",
    "orchestrators",
    "triggers.http",
    "triggers.queue",
    "triggers.blob",
    "triggers.timer",
    "console",
)


def _blueprints() -> Iterator[Any]:
    for folder in FOLDERS:
        for module in iter_modules(import_module(folder).__path__, f"{folder}."):
            blueprint = None if module.ispkg else getattr(import_module(module.name), "bp", None)
            if blueprint is not None:
                yield blueprint


BLUEPRINTS: Final = tuple(_blueprints())

gc.freeze()
gc.enable()
