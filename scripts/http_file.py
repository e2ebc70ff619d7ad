"""Write docs/durable-orders.http: a request for every operation of the API, for editors that send such files.

The requests are made from the OpenAPI document: the fields that an operation requires, with values that the app accepts. A field of
a new name needs a value in `VALUES`; the script names it.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
FILE: Final = ROOT / "docs" / "durable-orders.http"

Schema = Mapping[str, Any]

HEAD: Final = """\
# A request for every operation of the API, for VS Code's REST Client and editors that read the same format.
# Made from the OpenAPI document by `python -m scripts.http_file`; change that, not this.

@host = http://127.0.0.1:7071
# In Azure: a function key, for what a storefront may. All else needs `Authorization: Bearer TOKEN` in its place (docs/roles.md).
@key = none
"""
# In paths: what earlier requests of the file have made.
VARIABLES: Final = {
    "carrier": "easypost",
    "change_id": "from-the-location-of-a-change",
    "customer_id": "ada",
    "dead_letter_id": "my-order.cancel_payment",
    "drift_id": "from-the-list-of-differences",
    "id": "my-run",
    "instance_id": "expense_approval.my-run",
    "invoice_number": "ada-000001",
    "order_id": "my-order",
    "product_id": "mug",
    "token": "from-a-mail",
    "workflow": "report",
}
OTHER_VARIABLES: Final = {"get_shipment": {"id": "order_id"}, "watch_shipment": {"id": "order_id"}}
# By the name of the field, or of the operation and the field. Optional fields that are not in this table are left out.
VALUES: Final = {
    "accepts_terms": True,
    "amount_cents": 1450,
    "approver": "ann@example.com",
    "birth_date": "1990-12-10",
    "category": "meals",
    "city": "San Francisco",
    "container": "incoming",
    "country": "US",
    "currency": "usd",
    "customer_id": "ada",
    "decision": "approved",
    "delta": -1,
    "email": "ada@example.com",
    "employee_id": "ada",
    "format": "html",
    "id": "my-run",
    "name": "Ada Lovelace",
    "note": "Settled by hand.",
    "order_id": "my-order",
    "payment_method": "pm_card_visa",
    "placed_from": "2026-01-01T00:00:00Z",
    "placed_to": "2026-12-31T00:00:00Z",
    "postal_code": "94107",
    "prefix": "2026/",
    "product_id": "mug",
    "put_product.name": "Stoneware mug",
    "quantity": 1,
    "reason": "Changed my mind.",
    "recorded_by": "an operator",
    "requested_by": "ada",
    "resolved_by": "an operator",
    "spent_on": "2026-03-01",
    "state": "CA",
    "street1": "388 Townsend St",
    "token": "from-a-mail",
    "unit_price_cents": 1450,
    "weight_grams": 400,
}
# Optional, and only right together with others.
LEFT_OUT: Final = {"amount_cents", "currency", "approve_instance.approver"}
JSON: Final = ("application/json", "application/x-ndjson")


class NoExample(Exception):
    """A required field has no example value."""


def main() -> int:
    """Write the file from the OpenAPI document."""
    import blueprints  # noqa: F401 - declares every operation
    from triggers.http.support.openapi.document import openapi_document
    from triggers.http.support.operation import declared_operations

    try:
        FILE.write_text(http_file(openapi_document(declared_operations())), encoding="utf-8")
    except NoExample as missing:
        print(f"{missing}: add a value to VALUES in scripts/http_file.py", file=sys.stderr)
        return 1
    print(FILE.relative_to(ROOT))
    return 0


def http_file(document: Schema) -> str:
    """Return the file for an OpenAPI document. Raises NoExample."""
    schemas = document["components"]["schemas"]
    used = {each["name"] for path in document["paths"].values() for op in path.values() for each in op["parameters"]}
    variables = "".join(f"@{name} = {value}\n" for name, value in VARIABLES.items() if name in used)
    requests = (
        request(method.upper(), path, operation, schemas)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    )
    return HEAD + variables + "".join(f"\n{each}" for each in requests)


def request(method: str, path: str, operation: Schema, schemas: Schema) -> str:
    """Return the request of one operation."""
    headers, body = _content(operation, schemas)
    if operation["security"]:
        headers["x-functions-key"] = "{{key}}"
    query = [each for each in operation["parameters"] if each["in"] == "query"]
    for name, other in OTHER_VARIABLES.get(operation["operationId"], {}).items():
        path = path.replace(f"{{{name}}}", f"{{{other}}}")
    address = path.replace("{", "{{").replace("}", "}}") + _query(query)
    lines = [
        f"### {operation['operationId']}",
        *(f"# {line}" for line in operation["summary"].splitlines()),
        *([f"# In the query: {', '.join(each['name'] for each in query)}"] if query else []),
        f"{method} {{{{host}}}}/api{address}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    return "\n".join(lines) + "\n" + (f"\n{body}\n" if body else "")


def example(schema: Schema, schemas: Schema, operation: str, name: str = "") -> Any:
    """Return a value for the body of an operation, or for a field of it. Raises NoExample."""
    for known in (f"{operation}.{name}", name):
        if known in VALUES:
            return VALUES[known]
    resolved = _resolved(schema, schemas)
    if "properties" in resolved:
        fields = resolved["properties"].items()
        required = resolved.get("required", ())
        return {
            key: example(field, schemas, operation, key)
            for key, field in fields
            if key in required or (key in VALUES and LEFT_OUT.isdisjoint((key, f"{operation}.{key}")))
        }
    if resolved.get("type") == "array":
        return [example(resolved["items"], schemas, operation)]
    raise NoExample(f"{operation}.{name}")


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    """Follow references, and take the first of alternatives."""
    while True:
        if "$ref" in schema:
            schema = schemas[schema["$ref"].rpartition("/")[2]]
        elif "anyOf" in schema:
            schema = schema["anyOf"][0]
        else:
            return schema


def _content(operation: Schema, schemas: Schema) -> tuple[dict[str, str], str]:
    content = operation.get("requestBody", {}).get("content", {})
    for media_type, described in content.items():
        schema = described["schema"]
        # Of JSON Lines, one line; of a foreign service's events, whose form is not ours, an empty one.
        value = example(schema.get("contentSchema", schema), schemas, operation["operationId"]) if schema else {}
        if media_type in JSON:
            text = json.dumps(value, indent=2 if media_type == JSON[0] else None)
        else:
            text = "&".join(f"{key}={item}" for key, item in value.items())
        return {"Content-Type": media_type}, text
    return {}, ""


def _query(parameters: list[Schema]) -> str:
    required = [each["name"] for each in parameters if each.get("required") or each["name"] == "token"]
    return "?" + "&".join(f"{name}={{{{{name}}}}}" for name in required) if required else ""


if __name__ == "__main__":
    sys.exit(main())
