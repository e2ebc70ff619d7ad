"""A product whose stock is split, in the shops of processes that die: who buys it, and whether its shards add up from outside."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from domain.ids import INVENTORY_ENTITY, stock_key
from tests.invariants.order_cases import OrderCase
from tests.invariants.outside import POLL_INTERVAL_S, Outside

PRODUCT: Final = "cup"
SHARDS: Final = 4

_IN_PLACE_OF: Final = "mug"
_MAX_READS: Final = 20
_ENTITIES: Final = f"runtime/webhooks/durabletask/entities/{INVENTORY_ENTITY}"


def buying_split(case: OrderCase) -> OrderCase:
    """Return the case with the split product in place of mugs, or beside what else it wants."""
    others = {product_id: units for product_id, units in case.wanted.items() if product_id != _IN_PLACE_OF}
    return replace(case, wanted={PRODUCT: case.wanted.get(_IN_PLACE_OF, 1), **others})


async def imbalances(shop: Outside, units: int) -> list[str]:
    """Return what does not add up over the states of all shards. units: ever put on the shelf."""
    found: list[str] = []
    for _ in range(_MAX_READS):  # the timer may move units while they are read one after the other
        found = list(_imbalances(await _shards(shop), units))
        if not found:
            break
        await asyncio.sleep(POLL_INTERVAL_S)
    return found


def _imbalances(shards: Mapping[str, Mapping[str, Any]], units: int) -> Iterator[str]:
    held = sum(state["available"] + state["sold"] + _reserved(state) for state in shards.values())
    under_way = sum(_under_way(shards, key) for key in shards)
    if held + under_way != units:
        yield f"{PRODUCT}: {held} units in all shards and {under_way} between them are not {units}: {dict(shards)}"
    for key, state in shards.items():
        if state["available"] < 0 or _reserved(state) or state.get("backordered"):
            yield f"{key}: oversold, reserved or backordered, but no order goes on: {state}"


def _reserved(state: Mapping[str, Any]) -> int:
    return sum(reservation["quantity"] for reservation in state["reservations"].values())


def _under_way(shards: Mapping[str, Mapping[str, Any]], source: str) -> int:
    return sum(
        transfer["quantity"]
        for to, transfer in shards[source].get("sent", {}).items()
        if shards.get(to, {}).get("received", {}).get(source, 0) < transfer["number"]
    )


async def _shards(shop: Outside) -> dict[str, Mapping[str, Any]]:
    keys = [stock_key(PRODUCT, number) for number in range(SHARDS)]
    answers = {key: await shop.ask_host("GET", f"{_ENTITIES}/{key}") for key in keys}
    return {key: answer.json() for key, answer in answers.items() if answer.status != 404}
