import re
import subprocess
import sys
from typing import Any

import pytest

from local_host.testing import app_index
from tests.support.api import OPERATIONS, openapi_document
from tests.support.shop import ROOT
from tests.unit.http.requests import decoded, get


def served() -> set[tuple[str, str, str]]:
    """Return method, route and name of every HTTP function of the API; the console's are pages."""
    return {
        (method, function.trigger.fields["route"].removeprefix("api/"), function.name)
        for function in app_index(ROOT).with_trigger("httpTrigger")
        for method in function.trigger.fields["methods"]
        if function.trigger.fields["route"].startswith("api/")
    }


def test_every_route_of_the_app_is_declared_and_nothing_else():
    assert {(each.method, each.route, each.name) for each in OPERATIONS} == served()


def test_the_document_describes_every_operation():
    described = {
        (method.upper(), path.removeprefix("/"), operation["operationId"])
        for path, operations in openapi_document()["paths"].items()
        for method, operation in operations.items()
    }
    assert described == served()


def strings(value: Any):
    if isinstance(value, dict):
        for key, item in value.items():
            if key == "$ref":
                yield item
            else:
                yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def test_every_reference_points_into_the_document():
    document = openapi_document()
    parts = ("schemas", "responses")
    there = {f"#/components/{part}/{name}" for part in parts for name in document["components"][part]}
    assert set(strings(document)) <= there


def operations():
    return [(path, op) for path, ops in openapi_document()["paths"].items() for op in ops.values()]


@pytest.mark.parametrize(("path", "operation"), operations(), ids=lambda value: str(value)[:40])
def test_every_parameter_of_a_path_is_described(path, operation):
    described = {each["name"] for each in operation["parameters"] if each["in"] == "path"}
    assert described == set(re.findall(r"{(\w+)}", path))


def test_only_health_and_what_carries_a_proof_of_its_own_needs_no_key():
    open_to_all = [operation["operationId"] for _, operation in operations() if not operation["security"]]
    served_to_all = [
        function.name
        for function in app_index(ROOT).with_trigger("httpTrigger")
        if function.trigger.fields["authLevel"] != "FUNCTION"
    ]
    expected = ["get_health", "receive_carrier_webhook", "show_decision", "take_decision"]
    assert (sorted(open_to_all), sorted(served_to_all)) == (expected, ["console_sign_in", *expected])


async def test_the_served_document_names_the_host_it_came_from():
    response = await app_index(ROOT).functions["get_openapi"].call(req=get("openapi.json"))
    document = decoded(response)
    assert document["openapi"].startswith("3.1")
    assert document["servers"] == [{"url": "https://shop.example/api"}]


def test_every_tag_is_described():
    described = {tag["name"] for tag in openapi_document()["tags"]}
    used = {tag for _, operation in operations() for tag in operation["tags"]}
    assert used == described, "describe it in _TAGS of triggers/http/support/openapi/document.py"


def test_declaring_every_operation_builds_no_schema():
    """Declaring pays for no validator, schema or document."""
    script = """
import sys
import blueprints
from domain.wire import Wire

def models(base):
    for model in base.__subclasses__():
        yield model
        yield from models(model)

found = list(models(Wire))
assert len(found) > 100
print([each.__name__ for each in found if each.__pydantic_complete__])
print([name for name in sys.modules if name.startswith("triggers.http.support.openapi")])
"""
    ran = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[]", "[]"]
