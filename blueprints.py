"""Every blueprint of the app: the `bp` of each module in the folders of functions, so that a new module needs no entry anywhere.

To import this imports the whole app. A start reads `function_index` instead.
"""

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


def _blueprints() -> Iterator[tuple[str, Any]]:
    for folder in FOLDERS:
        for module in iter_modules(import_module(folder).__path__, f"{folder}."):
            blueprint = None if module.ispkg else getattr(import_module(module.name), "bp", None)
            if blueprint is not None:
                yield module.name, blueprint


BLUEPRINTS: Final = dict(_blueprints())
"""By the module's name."""
