"""Every blueprint of a folder of functions is part of the app."""

from importlib import import_module
from pkgutil import iter_modules

import azure.durable_functions as df

from blueprints import BLUEPRINTS, FOLDERS


def test_a_blueprint_is_named_so_that_it_is_found() -> None:
    modules = [
        module.name for folder in FOLDERS for module in iter_modules(import_module(folder).__path__, f"{folder}.")
    ]
    made = {
        id(value): f"{name}.{attribute}"
        for name in modules
        for attribute, value in vars(import_module(name)).items()
        if isinstance(value, df.Blueprint) and not attribute.startswith("_")  # one of two, chosen by a setting
    }
    registered = {id(blueprint) for blueprint in BLUEPRINTS.values()}
    assert [where for blueprint, where in made.items() if blueprint not in registered] == []
    assert len(registered) == len(BLUEPRINTS) > 40
