"""During a rolling release old and new code read each other's payloads: whatever is sent inside may have fields more."""

import ast
import importlib
from collections.abc import Iterator
from typing import Any

import pytest

from domain.carts.cart import Cart
from domain.inventory.stock import Stock
from domain.wire import Wire
from entities import inventory, shopping_cart
from tests.support.payloads import minimal, with_unknown_fields
from tests.support.shop import ROOT
from tests.unit.entities.batches import run_batch

STATES = {inventory: Stock(available=100).to_state(), shopping_cart: Cart(items={"a-1": 1}).to_state()}
OPERATIONS = [(entity, name) for entity in STATES for name in entity._OPERATIONS]


def _activities() -> Iterator[tuple[str, str, set[str]]]:
    """Yield the module and the name of each activity, and the models that it reads its request with."""
    for path in sorted((ROOT / "activities").glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                "activity_trigger" in ast.unparse(decorator) for decorator in function.decorator_list
            ):
                models = {
                    node.func.value.id
                    for node in ast.walk(function)
                    if isinstance(node, ast.Call)
                    and isinstance(node.func, ast.Attribute)
                    and node.func.attr == "model_validate"
                    and isinstance(node.func.value, ast.Name)
                    and ast.unparse(node.args[0]) == "request"
                }
                yield f"activities.{path.stem}", function.name, models


ACTIVITIES = [pytest.param(*each, id=each[1]) for each in _activities()]


@pytest.mark.parametrize(("module", "name", "models"), ACTIVITIES)
def test_an_activity_reads_a_request_with_unknown_fields_as_the_one_without(
    module: str, name: str, models: set[str]
) -> None:
    assert models, f"{name} reads its request without a model"
    for model_name in models:
        model: type[Wire] = getattr(importlib.import_module(module), model_name)
        known = model.model_validate(minimal(model))
        assert model.model_validate(with_unknown_fields(known)) == known


@pytest.mark.parametrize(("entity", "name"), OPERATIONS, ids=[f"{e.__name__}.{name}" for e, name in OPERATIONS])
def test_an_entity_answers_a_request_with_unknown_fields_as_the_one_without(entity: Any, name: str) -> None:
    model, _ = entity._OPERATIONS[name]
    known = model.model_validate(minimal(model))
    plain = run_batch(entity.bp, "a-1", STATES[entity], (name, known.to_wire()))
    more = run_batch(entity.bp, "a-1", STATES[entity], (name, with_unknown_fields(known)))
    assert more == plain
    assert plain[1][0]["reason_code"] != "invalid_request"
