"""Every policy, of whichever module: a module that no test imports would hold nothing."""

from importlib import import_module
from pkgutil import iter_modules

from tests.unit import infra
from tests.unit.infra.policies import POLICIES

for _module in iter_modules(infra.__path__):
    if _module.name.startswith("policies_of_"):
        import_module(f"{infra.__name__}.{_module.name}")

__all__ = ["POLICIES"]
