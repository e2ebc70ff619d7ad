"""Templates as data: what they would deploy, for given parameters.

The compiler cannot be had everywhere and does not evaluate. The evaluator used here stands in a folder beside the checkout; where
that is missing, tests that need it are skipped and say so.
"""

import importlib
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
INFRA = ROOT / "infra"
CHECKERS = ROOT.parent / "shared" / "infra-tools"

Resource = dict[str, Any]
Given = dict[str, Any]


def checker(module: str) -> Any:
    """A module of the offline checkers. Skips the test where they are missing."""
    if not CHECKERS.is_dir():
        pytest.skip("install the Bicep CLI (`az bicep install`), or put infra-tools into ../shared beside the checkout")
    if str(CHECKERS) not in sys.path:
        sys.path.append(str(CHECKERS))
    return importlib.import_module(module)


def evaluate(given: Given, infra: Path = INFRA) -> Any:
    """What the template would deploy: an object with `resources`, `outputs` and `precedes(a, b)`."""
    return _evaluated(str(infra / "main.bicep"), json.dumps(parameters() | given, sort_keys=True))


@cache
def _evaluated(template: str, given: str) -> Any:
    return _evaluator().evaluate(template, json.loads(given))


@cache
def _evaluator() -> Any:
    parser = checker("biparse")
    # Nine tenths of an evaluation would be reading the same text again.
    parser.Parser = cache(parser.Parser)
    return checker("bieval")


@cache
def _parameter_file() -> str:
    return (INFRA / "main.parameters.json").read_text(encoding="utf-8")


def parameters() -> Given:
    """The least a deployment states, as a first one would, and the package of a second one."""
    shop = json.loads(_parameter_file())["parameters"]["shop"]["value"]
    return {
        "environmentName": "test",
        "location": "westeurope",
        "alertEmails": ["somebody@example.com"],
        "shop": shop,
        "packageName": "0123456789abcdef.zip",
        "stagingPackageName": "fedcba9876543210.zip",
    }


def of_type(deployment: Any, *types: str) -> list[Resource]:
    """Resources of these types, whatever their case."""
    wanted = {one.lower() for one in types}
    return [resource for resource in deployment.resources if resource["type"].lower() in wanted]


def properties(resource: Resource) -> dict[str, Any]:
    found = resource.get("properties")
    return found if isinstance(found, dict) else {}


def texts(value: object) -> Iterator[str]:
    """Every text inside a value."""
    if isinstance(value, str):
        yield value
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        yield from texts(one)


def place(resource: Resource) -> str:
    return f"{resource['_file']}:{resource['_line']} {resource['_symbol']}"


def sites(deployment: Any) -> list[Resource]:
    """The app, and its staging slot."""
    return of_type(deployment, "Microsoft.Web/sites", "Microsoft.Web/sites/slots")


def app_settings(deployment: Any) -> list[dict[str, str]]:
    """The settings of the app, then those of its slot."""
    found = of_type(deployment, "Microsoft.Web/sites/config") + of_type(deployment, "Microsoft.Web/sites/slots/config")
    return [properties(one) for one in found if "appsettings" in str(one["name"])]
