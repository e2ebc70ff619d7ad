"""The OpenAPI 3.1 document, made from what the operations declare."""

import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Final

from domain.identity import Role
from triggers.http.support.openapi.responses import PLATFORM_RESPONSES, responses
from triggers.http.support.openapi.schemas import Schema, Schemas, path_schema
from triggers.http.support.operation import FORM, JSON, TEXT, Operation
from triggers.http.support.request_params import IDEMPOTENCY_KEY, MAX_IDEMPOTENCY_KEY_CHARS

_INFO: Final = {
    "title": "Durable Orders",
    "version": "1",
    "description": "Orders that lose no money and no stock.",
    "license": {"name": "MIT", "identifier": "MIT"},
}
_TAGS: Final = {
    "orders": "Place orders, follow them, decide on them.",
    "order-batches": "Orders that came in one file.",
    "invoices": "What customers have paid of their invoices.",
    "products": "The catalogue.",
    "inventory": "The stock of each product.",
    "restocks": "Deliveries of many products in one request.",
    "carts": "The carts of customers.",
    "customers": "What is kept of one customer: export and erase it.",
    "shipments": "Where parcels are.",
    "customer-data": "Exports and erasures of customers' data.",
    "reports": "Reports over orders.",
    "onboarding": "New users.",
    "expenses": "Expense claims.",
    "approve": "Decisions on expense claims by their instance.",
    "decisions": "The pages behind the links in approvers' mails.",
    "file-batches": "Many files processed together.",
    "dead-letters": "What failed for good and waits for an operator.",
    "runs": "Runs of any workflow, for operators.",
    "recovery": "Start again, or settle, many runs at once.",
    "audit": "What people did.",
    "reconciliation": "The inventory and the payments compared with the orders.",
    "webhooks": "Events from providers.",
    "health": "Whether the app can work.",
    "openapi.json": "This document.",
}
"""The first segment of each route, in the order in which the document shows them."""

_TOKEN: Final[dict[str, Schema]] = {
    "bearer_token": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A token of the shop's tenant of Microsoft Entra ID, whose app roles say what its caller may do. It is for "
        "an app that knows its callers by Entra (`IDENTITY=entra`); with it, no key is needed.",
    },
}
_KEYS: Final[dict[str, Schema]] = {
    "function_key": {
        "type": "apiKey",
        "in": "header",
        "name": "x-functions-key",
        "description": "A key of the function app. Azure requires it, also for every address that an answer contains, except "
        "`sendEventPostUri`: that requires the system key durabletask_extension. Where Entra says who calls, a token does instead. "
        "A local host requires none. By itself a key has a storefront's rights.",
    },
    "function_key_in_query": {
        "type": "apiKey",
        "in": "query",
        "name": "code",
        "description": "The same key, for a caller that cannot set headers.",
    },
}
_IDEMPOTENCY_KEY: Final[Schema] = {
    "name": IDEMPOTENCY_KEY,
    "in": "header",
    "description": "Names this request: sent again with the same key and body, it changes nothing.",
    "schema": {"type": "string", "pattern": "^[\\x21-\\x7e]+$", "minLength": 1, "maxLength": MAX_IDEMPOTENCY_KEY_CHARS},
}


def openapi_document(operations: Sequence[Operation]) -> Schema:
    """Build the document of these operations, without its servers."""
    schemas = Schemas.of(operations)
    paths: dict[str, Schema] = {}
    for operation in sorted(operations, key=_position):
        paths.setdefault(f"/{operation.route}", {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": _INFO,
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas.named,
            "responses": PLATFORM_RESPONSES,
            "securitySchemes": {**_TOKEN, **_KEYS},
        },
    }


def _tag(operation: Operation) -> str:
    return operation.route.partition("/")[0]


def _position(operation: Operation) -> tuple[int, int, str]:
    tags, tag = list(_TAGS), _tag(operation)
    return tags.index(tag) if tag in tags else len(tags), operation.route.count("/"), operation.route


def _operation(operation: Operation, schemas: Schemas) -> Schema:
    summary, _, description = inspect.cleandoc(operation.text).partition("\n")
    described: Schema = {
        "operationId": operation.name,
        "tags": [_tag(operation)],
        "summary": summary,
        "description": " ".join(description.split()),
        "parameters": list(_parameters(operation, schemas)),
        "responses": responses(operation, schemas),
        "security": _security(operation),
    }
    if operation.body_types:
        content = {media_type: {"schema": _body(operation, schemas, media_type)} for media_type in operation.body_types}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _security(operation: Operation) -> list[Schema]:
    if not operation.roles:
        return []
    # A key has a storefront's rights: it admits to nothing beyond them.
    schemes = [*_TOKEN, *_KEYS] if Role.STOREFRONT in operation.roles else _TOKEN
    return [{name: []} for name in schemes]


def _parameters(operation: Operation, schemas: Schemas) -> Iterator[Schema]:
    for name in re.findall(r"{(\w+)}", operation.route):
        yield {"name": name, "in": "path", "required": True, "schema": path_schema(name)}
    if operation.query is not None:
        required = schemas.required(operation.query)
        for name, schema in schemas.query(operation.query).items():
            yield {"name": name, "in": "query", "required": name in required, "schema": schema}
    if operation.takes_idempotency_key:
        yield _IDEMPOTENCY_KEY
    for name, description in operation.request_headers.items():
        yield {"name": name, "in": "header", "description": description, "schema": {"type": "string"}}


def _body(operation: Operation, schemas: Schemas, media_type: str) -> Schema:
    if operation.body is None:
        return {}
    schema = schemas.read(operation.body)
    if media_type in (JSON, FORM):
        return schema
    if media_type == TEXT:
        return {"type": "string", "examples": ["Approved"]}
    # A file: the schema is that of each line.
    return {"type": "string", "contentMediaType": media_type, "contentSchema": schema}
