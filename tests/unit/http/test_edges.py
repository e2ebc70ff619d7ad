"""Every field of everything that callers send: it is bounded, and takes values of its own type only."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from domain.wire import Edge
from tests.support.api import OPERATIONS, openapi_document

EDGES: dict[str, type[Edge]] = {
    model.__name__: model
    for operation in OPERATIONS
    for model in (operation.body, operation.query)
    if model is not None
}
QUERIES = {operation.query.__name__ for operation in OPERATIONS if operation.query is not None}

Schema = dict[str, Any]
Place = tuple[str, ...]

WRONG: dict[str, list[Any]] = {
    "string": [0, 1.5, True, [], {}, ["x"]],
    "date": [0, -86400, "0", "20261127", "636163200", "2026-11-27T00:00:00Z", "27.11.2026", 1.5, True, [], {}],
    "date-time": [0, "0", "20261127", "1790000000", "2026-11-27", "2026-11-27T10:00:00", "now", 1.5, True, [], {}],
    "integer": ["1", "", 1.5, 1.0, True, [], {}, float("inf")],
    "boolean": ["true", "yes", 0, 1, [], {}],
    "array": ["x", 1, {}, True],
    "object": ["x", 1, [], True],
}
WRONG_IN_QUERIES: dict[str, list[Any]] = {
    "string": [],
    "integer": ["", " 1", "+1", "1.0", "1_0", "0x1", "１", "1e1"],
    "date-time": [each for each in WRONG["date-time"] if isinstance(each, str)],
}


def document() -> dict[str, Schema]:
    named: dict[str, Schema] = openapi_document()["components"]["schemas"]
    return named


def resolved(schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = document()[schema["$ref"].rpartition("/")[2]]
    return schema


def variants(schema: Schema) -> Iterator[Schema]:
    schema = resolved(schema)
    if "anyOf" in schema:
        for each in schema["anyOf"]:
            yield from variants(each)
    elif schema.get("type") != "null":
        yield schema


def fields(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    for each in variants(schema):
        if place:
            yield place, each
        if "items" in each:
            yield from fields(each["items"], (*place, "[]"))
        for name, inner in each.get("properties", {}).items():
            yield from fields(inner, (*place, name))


def schema_of(model: type[Edge]) -> Schema:
    return document()[next(name for name in document() if name in (model.__name__, f"{model.__name__}-Input"))]


FIELDS = [
    pytest.param(model, place, schema, id=f"{name}.{'.'.join(place)}")
    for name, model in EDGES.items()
    for place, schema in fields(schema_of(model))
]


def kind_of(schema: Schema) -> str:
    if schema.get("format") in ("date", "date-time"):
        return str(schema["format"])
    return str(schema.get("type", "string"))


def put(place: Place, value: Any) -> Any:
    for name in reversed(place):
        value = [value] if name == "[]" else {name: value}
    return value


def where(place: Place) -> tuple[str | int, ...]:
    return tuple(0 if name == "[]" else name for name in place)


@pytest.mark.parametrize(("model", "place", "schema"), FIELDS)
def test_a_field_takes_values_of_its_own_type_only(model: type[Edge], place: Place, schema: Schema):
    kinds = WRONG_IN_QUERIES if model.__name__ in QUERIES else WRONG
    for wrong in kinds[kind_of(schema)]:
        with pytest.raises(ValidationError) as caught:
            model.of_caller(put(place, wrong))
        at = [error["loc"][: len(place)] for error in caught.value.errors(include_input=False)]
        assert where(place) in at, f"{wrong!r} was taken"


# Held to rules of their own, after the form: cursors and tokens are decoded, a user is checked in the run that takes it in.
RULED_LATER = ("cursor", "token", "name", "email", "country", "postal_code", "callback_url")


@pytest.mark.parametrize(("model", "place", "schema"), FIELDS)
def test_a_text_has_no_control_characters_and_no_half_ones(model: type[Edge], place: Place, schema: Schema):
    if kind_of(schema) != "string" or (
        len(place) == 1 and place[0] in RULED_LATER and model.__name__ != "ProductDetails"
    ):
        return
    for wrong in ("a\x00b", "a\x1b[31m", "a\x7fb", "a\x85b\x9f", "\ud800"):
        with pytest.raises(ValidationError) as caught:
            model.of_caller(put(place, wrong))
        at = [error["loc"][: len(place)] for error in caught.value.errors(include_input=False)]
        assert where(place) in at, f"{wrong!r} was taken"


@pytest.mark.parametrize(("model", "place", "schema"), FIELDS)
def test_a_field_is_bounded(model: type[Edge], place: Place, schema: Schema):
    match schema.get("type", "string"):
        case "string":
            is_bounded = any(key in schema for key in ("maxLength", "enum", "const"))
            assert (
                is_bounded or schema.get("format") in ("date", "date-time") or schema.get("pattern", "").endswith("}$")
            )
        case "integer":
            assert "minimum" in schema
            assert "maximum" in schema
        case "array":
            assert "maxItems" in schema
        case "object":
            assert schema["additionalProperties"] is False


@pytest.mark.parametrize(
    ("model", "place"),
    [
        pytest.param(model, place, id=f"{name}.{'.'.join(place)}")
        for name, model in EDGES.items()
        for place, schema in fields(schema_of(model))
        if "items" in schema
    ],
)
def test_a_list_that_is_too_long_is_one_error_whatever_is_in_it(model: type[Edge], place: Place):
    with pytest.raises(ValidationError) as caught:
        model.of_caller(put(place, [{}] * 20_000))
    within = [error for error in caught.value.errors(include_input=False) if error["loc"][: len(place)] == place]
    assert [error["type"] for error in within] == ["too_long"]


@pytest.mark.parametrize("model", EDGES.values(), ids=EDGES.keys())
def test_an_unknown_field_is_an_error_at_the_edge_and_left_out_inside(model: type[Edge]):
    def unknown(**how: Any) -> list[Any]:
        try:
            TypeAdapter(model).validate_python({"field_of_tomorrow": 1}, **how)
        except ValidationError as error:
            return [each["loc"] for each in error.errors() if each["type"] == "extra_forbidden"]
        return []

    assert unknown() == []
    with pytest.raises(ValidationError) as caught:
        model.of_caller({"field_of_tomorrow": 1})
    assert ("field_of_tomorrow",) in [
        each["loc"] for each in caught.value.errors() if each["type"] == "extra_forbidden"
    ]


def test_nearly_every_field_is_tried():
    assert len(FIELDS) > 80
