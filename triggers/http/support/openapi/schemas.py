"""The JSON Schemas of what operations read and write. Building them takes a moment, so it happens on demand only."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from domain.wire import Wire
from triggers.http.support.operation import Operation, models_of
from triggers.http.support.problems import ProblemDocument
from triggers.http.support.request_params import PATH_IDS

Schema = dict[str, Any]

_REF: Final = "#/components/schemas/{model}"


class _Generator(GenerateJsonSchema):
    """Writes a tuple of equal items as a list of that length, which more tools read than `prefixItems`."""

    def tuple_schema(self, schema: core_schema.TupleSchema) -> JsonSchemaValue:
        written = super().tuple_schema(schema)
        prefix = written.get("prefixItems", [])
        if prefix and all(each == prefix[0] for each in prefix):
            del written["prefixItems"]
            written["items"] = prefix[0]
        return written


@dataclass(frozen=True)
class Schemas:
    """The schemas of all models of an API.

    Attributes:
        named: By name, the schemas that the references point to.
        refs: A reference for each model, as it is read (validation) or written (serialization).
    """

    named: Mapping[str, Schema]
    refs: Mapping[tuple[Any, JsonSchemaMode], Schema]

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> Self:
        """Build the schemas of all models that the operations name."""
        refs, schemas = models_json_schema(list(_models(operations)), ref_template=_REF, schema_generator=_Generator)
        return cls(schemas["$defs"], refs)

    def read(self, model: type[Wire]) -> Schema:
        """Return a reference to what a caller sends."""
        return self.refs[model, "validation"]

    def written(self, *models: type[Wire]) -> Schema:
        """Return a reference to what a caller receives: one of the models."""
        refs = [self.refs[model, "serialization"] for model in models]
        return refs[0] if len(refs) == 1 else {"anyOf": refs}

    def query(self, model: type[Wire]) -> dict[str, Schema]:
        """Return the schema of each parameter of a query. A parameter is left out or has a value, it is never null."""
        name = self.read(model)["$ref"].rpartition("/")[2]
        return {each: _not_null(schema) for each, schema in self.named[name]["properties"].items()}

    def required(self, model: type[Wire]) -> frozenset[str]:
        """Return the fields that a caller has to send."""
        name = self.read(model)["$ref"].rpartition("/")[2]
        return frozenset(self.named[name].get("required", ()))


def path_schema(name: str) -> Schema:
    """Return the schema of an id in a path."""
    schema: Schema = TypeAdapter(PATH_IDS[name]).json_schema()
    return schema


def _not_null(schema: Schema) -> Schema:
    variants = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    if len(variants) != 1:
        return schema
    merged: Schema = {**schema, **variants[0]}
    return {key: value for key, value in merged.items() if key not in ("anyOf", "default")}


def _models(operations: Iterable[Operation]) -> Iterator[tuple[type[Wire], JsonSchemaMode]]:
    yield ProblemDocument, "serialization"
    for operation in operations:
        for read in (operation.body, operation.query):
            if read is not None:
                yield read, "validation"
        for answers in operation.answers.values():
            for written in models_of(answers):
                yield written, "serialization"
