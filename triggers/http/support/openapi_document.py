"""The OpenAPI 3.1 document, made from the table of operations and the models that the operations themselves use."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from http import HTTPStatus
from typing import Any, Final, Self

from pydantic import TypeAdapter
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from domain.ids import CustomerId, OrderId, ProductId
from domain.wire import Wire
from domain.workflows.dead_letter import DeadLetterId
from domain.workflows.run import WorkflowKey
from triggers.http.expenses import ExpenseInstanceId
from triggers.http.support.operation import Operation
from triggers.http.support.operations import OPERATIONS
from triggers.http.support.problems import ProblemDocument

Schema = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"
_IDS: Final = {
    "customer_id": CustomerId,
    "dead_letter_id": DeadLetterId,
    "id": WorkflowKey,
    "instance_id": ExpenseInstanceId,
    "order_id": OrderId,
    "product_id": ProductId,
}
_ANY_OPERATION: Final = (HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.SERVICE_UNAVAILABLE)
_FUNCTION_KEY: Final[Schema] = {
    "type": "apiKey",
    "in": "header",
    "name": "x-functions-key",
    "description": "Asked for in Azure, also by every address that an answer hands out; `code` in the query does as well. "
    "`sendEventPostUri` alone asks for the system key durabletask_extension instead.",
}
_IDEMPOTENCY_KEY: Final[Schema] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Names this request: sent again with the same key and body, it changes nothing.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100},
}


@cache
def openapi_document() -> Schema:
    """The document without its servers. Do not change it: it is made once."""
    schemas = _Schemas.of_all_operations()
    paths: dict[str, Schema] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"/{operation.route}", {})[operation.method.lower()] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Durable Orders", "version": "1", "description": "Orders that lose no money and no stock."},
        "paths": paths,
        "components": {
            "schemas": schemas.named,
            "securitySchemes": {"function_key": _FUNCTION_KEY},
        },
    }


@dataclass(frozen=True)
class _Schemas:
    """named: by name, what the references point to. refs: a reference for each model, as it is read or as it is written."""

    named: Mapping[str, Schema]
    refs: Mapping[tuple[Any, JsonSchemaMode], Schema]

    @classmethod
    def of_all_operations(cls) -> Self:
        refs, schemas = models_json_schema(list(_models()), ref_template=_REF)
        return cls(schemas["$defs"], refs)

    def read(self, model: type[Wire]) -> Schema:
        return self.refs[model, "validation"]

    def written(self, model: type[Wire]) -> Schema:
        return self.refs[model, "serialization"]

    def fields(self, model: type[Wire]) -> Schema:
        """The schema of each field of a model that is read."""
        name = self.read(model)["$ref"].rpartition("/")[2]
        return dict(self.named[name]["properties"])


def _models() -> Iterator[tuple[type[Wire], JsonSchemaMode]]:
    yield ProblemDocument, "serialization"
    for operation in OPERATIONS:
        for read in (operation.body, operation.query):
            if read is not None:
                yield read, "validation"
        for written in operation.answers.values():
            if written is not None:
                yield written, "serialization"


def _operation(operation: Operation, schemas: _Schemas) -> Schema:
    described: Schema = {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": list(_parameters(operation, schemas)),
        "responses": _responses(operation, schemas),
        "security": [{"function_key": []}] if operation.needs_key else [],
    }
    if operation.body is not None:
        content = {operation.body_type: {"schema": schemas.read(operation.body)}}
        described["requestBody"] = {"required": True, "content": content}
    return described


def _parameters(operation: Operation, schemas: _Schemas) -> Iterator[Schema]:
    for name in re.findall(r"{(\w+)}", operation.route):
        yield {"name": name, "in": "path", "required": True, "schema": TypeAdapter(_IDS[name]).json_schema()}
    if operation.query is not None:
        for name, schema in schemas.fields(operation.query).items():
            yield {"name": name, "in": "query", "required": False, "schema": schema}
    if operation.takes_idempotency_key:
        yield _IDEMPOTENCY_KEY


def _free_form(operation: Operation) -> Schema:
    return {"type": "object" if operation.answer_type == "application/json" else "string"}


def _responses(operation: Operation, schemas: _Schemas) -> Schema:
    responses: Schema = {}
    for status, model in operation.answers.items():
        schema = _free_form(operation) if model is None else schemas.written(model)
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {operation.answer_type: {"schema": schema}},
        }
    problem = {"application/problem+json": {"schema": schemas.written(ProblemDocument)}}
    for status in (*operation.problems, *_ANY_OPERATION):
        responses.setdefault(str(int(status)), {"description": HTTPStatus(status).phrase, "content": {}})
        responses[str(int(status))]["content"] |= problem
    if operation.needs_key:
        # The platform's own answer, before the app is called: it has no body.
        responses["401"] = {
            "description": "The function key is missing or wrong: send x-functions-key, or code in the query"
        }
    return dict(sorted(responses.items()))
