"""What must be true of a shop afterwards, read from outside: the providers' ledgers, the stock, and the order repository."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from domain.workflows.steps import CANCELLATION
from tests.invariants.chaos.plan import Plan
from tests.invariants.outside import Outside
from tests.invariants.split_product import PRODUCT, imbalances
from tests.support.books import assert_money_and_parcel, open_dead_letters, orders


async def violations(shop: Outside, plan: Plan, shelf: Mapping[str, int], cancelled: set[str]) -> list[str]:
    """Return what does not add up. shelf: units at the start. cancelled: orders whose cancellation was accepted."""
    shown = await orders(shop)
    planned = {each.order_id: each for each in plan.orders}
    found = [f"accepted and not there: {order_id}" for order_id in planned.keys() - shown.keys()]
    found += [f"there and never sent: {order_id}" for order_id in shown.keys() - planned.keys()]
    sold: Counter[str] = Counter()
    for order_id, order in shown.items():
        found += _of_order(shop, order, order_id in cancelled)
        if order["status"] == "completed" and order_id in planned:
            sold.update(planned[order_id].case.wanted)
    stocked = Counter(shelf)
    for delivery in plan.deliveries:
        stocked[delivery.product_id] += delivery.quantity
    for product_id, units in stocked.items():
        found += [
            f"{product_id}: {what}" for what in _of_stock(await _stock(shop, product_id), units, sold[product_id])
        ]
    found += await imbalances(shop, stocked[PRODUCT])
    return [*found, *_of_totals(shop, shown)]


async def unended(shop: Outside, patience_s: float) -> list[str]:
    """Return what goes on still, or waits for an operator."""
    going_on = [
        f"{order_id}: {order['status']}, {order['runtimeStatus']}: {order['message']}"
        for order_id, order in (await orders(shop)).items()
        if order["http"] != 200
    ]
    going_on += [
        f"{letter['dead_letter_id']}: {letter['message']}"
        for letter in await open_dead_letters(shop)
        if letter["run_end"]
    ]
    return [f"not over after {patience_s} s: {each}" for each in going_on or ["something else than orders"]]


def _of_order(shop: Outside, order: Mapping[str, Any], is_cancelled: bool) -> Iterator[str]:
    try:
        assert_money_and_parcel(shop, order, set())
    except AssertionError as error:
        yield f"{order['order_id']}: {error}"
    if len([parcel for parcel in shop.sandbox.parcels(order["order_id"]) if parcel["label_active"]]) > 1:
        yield f"{order['order_id']}: more than one parcel"
    answers = [step for step in order["steps"] if step["step"] == CANCELLATION]
    if is_cancelled and order["status"] == "completed" and not answers:
        yield f"{order['order_id']}: an accepted cancellation that nothing became of"


async def _stock(shop: Outside, product_id: str) -> dict[str, int]:
    return dict((await shop.get(f"inventory/{product_id}")).json())


def _of_stock(stock: Mapping[str, int], units: int, sold: int) -> Iterator[str]:
    if stock["sold"] != sold:
        yield f"{stock['sold']} sold, but orders of {sold} completed"
    if stock["reserved"] or stock["backordered"]:
        yield f"{stock['reserved']} reserved and {stock['backordered']} backordered, but no order goes on"
    if stock["available"] + stock["reserved"] + stock["sold"] != units:
        yield f"{stock} does not add up to {units}"


def _of_totals(shop: Outside, shown: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    totals = shop.sandbox.totals()
    due = sum(order["total_cents"] for order in shown.values() if order["status"] == "completed")
    if totals["captured"] - totals["refunded"] != due:
        yield f"{totals} of money, but completed orders of {due}"
    if totals["authorised"] - totals["captured"] - totals["voided"] != 0:
        yield f"{totals}: money is held, but no order goes on"
