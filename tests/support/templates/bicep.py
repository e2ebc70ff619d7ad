"""Templates as data: what they would deploy, for given parameters.

The compiler cannot be had everywhere. `scripts/bicep` stands in for it, and is held against what the compiler said (snapshots/).
"""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from scripts.bicep import deployment
from scripts.bicep.deployment import Deployment
from scripts.bicep.place import Place

ROOT = Path(__file__).resolve().parents[3]
INFRA = ROOT / "infra"

Resource = dict[str, Any]
Given = dict[str, Any]


def evaluate(given: Given, infra: Path = INFRA, place: Place | None = None) -> Deployment:
    """Return what the template would deploy. Raises Refused."""
    return _evaluated(infra / "main.bicep", json.dumps(parameters() | given), place or Place())


@cache
def _evaluated(template: Path, given: str, place: Place) -> Deployment:
    return deployment.evaluate(template, json.loads(given), place)


@cache
def _parameter_file() -> str:
    return (INFRA / "main.parameters.json").read_text(encoding="utf-8")


def parameters() -> Given:
    """Return the least a deployment states, as a first one would, and the package of a second one."""
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
    """Return the app, and its staging slot."""
    return of_type(deployment, "Microsoft.Web/sites", "Microsoft.Web/sites/slots")


def app_settings(deployment: Any) -> list[dict[str, str]]:
    """Return the settings of the app, then those of its slot."""
    found = of_type(deployment, "Microsoft.Web/sites/config") + of_type(deployment, "Microsoft.Web/sites/slots/config")
    return [properties(one) for one in found if "appsettings" in str(one["name"])]
