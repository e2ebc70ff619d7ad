"""Strict at the edge, tolerant inside: what a newer version of the app wrote can be read by an older one, and is not lost."""

import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import adapters
import domain
import services
import triggers
from domain.carts.cart import Cart
from domain.inventory.stock import Stock
from domain.orders.order import OrderProgress
from domain.wire import Wire


def every(model: type[Wire]) -> Iterator[type[Wire]]:
    for each in model.__subclasses__():
        yield each
        yield from every(each)


def test_no_payload_turns_away_what_a_newer_version_wrote():
    for package in (domain, adapters, services, triggers):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    models = set(every(Wire))
    assert len(models) > 100
    assert [model.__name__ for model in models if model.model_config.get("extra") != "ignore"] == []


def test_a_field_of_tomorrow_is_left_out_at_any_depth():
    step = {"step": "reserve", "outcome": "done", "at": "2026-01-01T00:00:00Z", "tomorrow": 1}
    stored = {"order_id": "o-1", "status": "reserved", "message": "", "steps": [step], "tomorrow": {"a": 1}}
    progress = OrderProgress.model_validate(stored)
    assert progress.steps[0].step == "reserve"
    assert "tomorrow" not in progress.model_dump_json()


@pytest.mark.parametrize("entity", [Stock(available=3), Cart(items={"mug": 1})])
def test_what_a_newer_version_stored_in_an_entity_is_kept(entity: Stock | Cart):
    state = entity.to_state() | {"tomorrow": [1]}
    again = type(entity).from_state(state)
    assert again is not None
    assert again.to_state() == state
