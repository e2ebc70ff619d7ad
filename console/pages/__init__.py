"""The pages of the console. Every module here declares some, so that a new one needs no entry anywhere."""

from importlib import import_module
from pkgutil import iter_modules
from typing import Final

PAGES: Final = tuple(import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
