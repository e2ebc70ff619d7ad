"""A card number in any field of any operation is refused by that field's name, and repeated nowhere."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from domain.wire import Wire
from tests.support.api import OPERATIONS, openapi_document
from tests.support.card_traces import traces_in
from tests.support.shop import Shop
from triggers.http.support.operation import Operation

CARD = "4242 4242 4242 4242"


def fields(schema: dict[str, Any], place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every field of a model, also of those within it."""
    named = openapi_document()["components"]["schemas"]
    if "$ref" in schema:
        schema = named[schema["$ref"].rpartition("/")[2]]
    for inner in (*schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])):
        yield from fields(inner, place)
    for name, inner in schema.get("properties", {}).items():
        yield (*place, name)
        yield from fields(inner, (*place, name))


def planted(place: tuple[str, ...]) -> dict[str, Any]:
    value: Any = CARD
    for name in reversed(place):
        value = {name: value}
    return dict(value)


def doors() -> Iterator[tuple[str, Operation, tuple[str, ...]]]:
    for operation in OPERATIONS:
        model: type[Wire] | None = operation.body
        if model is not None and "application/json" in operation.body_types:
            described = openapi_document()["paths"][f"/{operation.route}"][operation.method.lower()]
            schema = described["requestBody"]["content"]["application/json"]["schema"]
            for place in (*fields(schema), ("unknown",)):
                yield f"{operation.name} {'.'.join(place)}", operation, place


DOORS = list(doors())


async def test_a_card_number_in_any_field_is_refused_and_repeated_nowhere(shop: Shop, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    await shop.stock("mug", 1)
    wrong = []
    for name, operation, place in DOORS:
        path = operation.route.replace("{product_id}", "mug").replace("{instance_id}", "expense_approval.none")
        path = path.replace("{", "").replace("}", "")
        send = shop.put if operation.method == "PUT" else shop.post
        answer = await send(path, planted(place))
        # An id in the path that nothing has comes first.
        is_named = answer.status == 422 and answer.json()["errors"][0]["field"] == ".".join(place)
        if not (is_named or answer.status == 404) or traces_in(answer.text + caplog.text):
            wrong.append((name, answer.status, answer.text))
    assert wrong == []
    assert len(DOORS) > 60


@pytest.mark.parametrize("operation", [each for each in OPERATIONS if "{" in each.route], ids=lambda each: each.name)
async def test_a_card_number_in_the_path_is_refused_and_repeated_nowhere(
    shop: Shop, operation: Operation, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    parts = [CARD.replace(" ", "") if part.startswith("{") else part for part in operation.route.split("/")]
    request = getattr(shop.host.http, operation.method.lower())
    answer = await request(f"/api/{'/'.join(parts)}", json={})
    assert 400 <= answer.status < 500
    assert not traces_in(answer.text + caplog.text)
