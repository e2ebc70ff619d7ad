"""Whether money, stock and parcels add up, seen from the outside: the provider's and carrier's ledgers, and the shop's HTTP API."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol

from local_host.testing import Answer
from sandbox.testing import Sandbox
from tests.support.shop import Shop

# Beyond every policy's whole retry time, so that whatever can end has ended.
_MAX_RUN_H = 72
_LOOK_EVERY_H = 6


class Front(Protocol):
    """What a shop shows to the world, in this process or in another one."""

    @property
    def sandbox(self) -> Sandbox: ...

    async def get(self, path: str, **params: str) -> Answer: ...


async def finish(shop: Shop) -> None:
    """Let every order come to its end, moving the clock as far as it takes."""
    await shop.host.run_until_idle()
    for _ in range(0, _MAX_RUN_H, _LOOK_EVERY_H):
        if not await _running(shop):
            return
        await shop.host.advance(hours=_LOOK_EVERY_H)
    raise AssertionError(f"still running after {_MAX_RUN_H} hours: {await _running(shop)}")


async def orders(shop: Front) -> dict[str, dict[str, Any]]:
    """Every order of the repository, by id, as its own resource shows it."""
    found: dict[str, dict[str, Any]] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = (await shop.get("orders", **({"cursor": cursor} if cursor else {}))).json()
        for order in page["orders"]:
            shown = await shop.get(f"orders/{order['order_id']}")
            found[order["order_id"]] = shown.json() | {"total_cents": order["total_cents"], "http": shown.status}
        cursor = page["next_cursor"]
    return found


async def open_dead_letters(shop: Front) -> list[dict[str, Any]]:
    """Return what is dead-lettered for an operator."""
    found: list[dict[str, Any]] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await shop.get("dead-letters", state="open", **({"cursor": cursor} if cursor else {}))).json()
        found += page["dead_letters"]
        cursor = page["next_cursor"]
    return found


async def assert_balanced(
    shop: Front, stocked: Mapping[str, int], wanted: Mapping[str, Mapping[str, int]]
) -> dict[str, dict[str, Any]]:
    """Every order is at an honest end, and nothing was made or lost on the way there. Gives the orders.

    stocked: units ever put on the shelf, per product. wanted: per order id, units per product.
    """
    shown = await orders(shop)
    dead_lettered = {(each["key"], each["step"]) for each in await open_dead_letters(shop) if each["run_end"]}
    assert set(shown) == set(wanted)
    sold: Counter[str] = Counter()
    for order_id, order in shown.items():
        if order["status"] == "completed":
            sold.update(wanted[order_id])
        assert_money_and_parcel(shop, order, {order_id for order_id, _ in dead_lettered})
    held = Counter[str]()
    for order_id, step in dead_lettered:
        if step == "release_inventory":
            held.update(wanted[order_id])
    for product_id, units in stocked.items():
        stock = (await shop.get(f"inventory/{product_id}")).json()
        assert stock["sold"] == sold[product_id], (product_id, stock, sold)
        assert stock["reserved"] == held[product_id], (product_id, stock)
        assert stock["available"] + stock["reserved"] + stock["sold"] == units, (product_id, stock)
    return shown


def assert_money_and_parcel(shop: Front, order: Mapping[str, Any], dead_lettered: set[str]) -> None:
    """Of one order: at an honest end, paid in full with one parcel or not at all. dead_lettered: orders that wait."""
    order_id, status = order["order_id"], order["status"]
    assert order["http"] == 200, order
    assert order["runtimeStatus"] == "Completed", order
    payments = shop.sandbox.payments(order_id)
    assert sum(payment["authorised"] > 0 for payment in payments) <= 1, (order, payments)
    kept = sum(payment["captured"] - payment["refunded"] for payment in payments)
    held = sum(payment["authorised"] - payment["captured"] - payment["voided"] for payment in payments)
    parcels = [parcel for parcel in shop.sandbox.parcels(order_id) if parcel["label_active"]]
    assert (status == "needs_attention") == (order_id in dead_lettered), order
    if status == "needs_attention":
        return
    expected = (order["total_cents"], 1) if status == "completed" else (0, 0)
    assert (kept, len(parcels)) == expected, (order, payments)
    assert held == 0, (order, payments)


async def _running(shop: Front) -> list[str]:
    return [order_id for order_id, order in (await orders(shop)).items() if order["http"] != 200]
