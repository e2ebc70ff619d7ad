"""Release goods that are reserved for orders whose instance failed for good, was terminated or is gone.

An order that runs keeps its goods, however long it takes. Of a split product, transfers between shards that a process died over
are carried on, backorders get the units that lie in other shards, and shards that are no longer used give their units back.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, TypeVar

from domain.catalogue.product import Product
from domain.ids import order_instance_id, stock_key
from domain.inventory.balancing import Move, moves_to_backorders
from domain.inventory.requests import AcknowledgeRequest, ExpireRequest, GiveRequest, TakeRequest
from domain.inventory.reservations import expire, expired_orders
from domain.inventory.stock import Stock
from domain.inventory.transfers import has_arrived, open_transfers
from services.concurrency import from_another_place, gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import instance_status, is_unfinished
from services.inventory.stock import read_shards, signal_stock

EXPIRE: Final = "expire"
_NEXT_LOOK_INTERVAL: Final = timedelta(hours=1)
_PAGE_SIZE: Final = 200
_MAX_LOOK_UPS: Final = 500
"""Of how many orders of one stock a run looks up whether they are running. After an outage there may be tens of thousands."""

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def release_expired(client: DurableClient, now: datetime, has_time: Callable[[], bool]) -> None:
    """Look after the products that are noted: a reservation may have expired, or units are moved between shards.

    Args:
        client: The durable client.
        now: The present time.
        has_time: Whether further products may be looked after. The next run goes on with what is left, the oldest notes first.
    """
    notes = services().inventory_notes
    expiring = sorted(await asyncio.to_thread(notes.expiring, now), key=lambda note: note.hour)
    for page in _pages(expiring):
        left = await _look_after_noted(client, {note.product_id for note in page}, now, has_time)
        # At once: the host may end a run before its time.
        await asyncio.to_thread(notes.looked_at, [note for note in page if note.product_id not in left], now)
        if not has_time():
            _log.warning("reservations that may have expired are left to the next run of the timer")
            return
    split = await asyncio.to_thread(notes.split_products)
    for products in _pages(from_another_place(sorted(split - {note.product_id for note in expiring}), now)):
        await _look_after_noted(client, products, now, has_time)
        if not has_time():
            return


async def release_expired_of(client: DurableClient, products: Iterable[Product], now: datetime) -> None:
    """Look after products, noted or not. A few at a time."""
    await _look_after(client, products, now, lambda: True)


def _pages(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _PAGE_SIZE] for start in range(0, len(items), _PAGE_SIZE))


async def _look_after_noted(
    client: DurableClient, product_ids: Iterable[str], now: datetime, has_time: Callable[[], bool]
) -> frozenset[str]:
    found = await asyncio.to_thread(services().catalogue.get_many, sorted(product_ids))
    return await _look_after(client, found.values(), now, has_time)


async def _look_after(
    client: DurableClient, found: Iterable[Product], now: datetime, has_time: Callable[[], bool]
) -> frozenset[str]:
    """Signal every entity that has reservations to release, answers to forget, or units to pass on. A few at a time.

    Returns:
        The ids of the products that there was no time for, and of those that could not be looked after: these are named in the
        log, and hold up no other product.
    """
    by_id = {product.product_id: product for product in found}

    async def is_looked_after(product_id: str) -> bool:
        if not has_time():
            return False
        try:
            await _look_after_one(client, by_id[product_id], now)
        except Exception:  # noqa: BLE001 - whatever it is, it concerns this one alone
            _log.exception("the stock of %s could not be looked after; it will be again", product_id)
            return False
        return True

    done = await gather_bounded(is_looked_after, by_id)
    return frozenset(product_id for product_id, is_done in zip(by_id, done, strict=True) if not is_done)


async def _look_after_one(client: DurableClient, product: Product, now: datetime) -> None:
    shards = await read_shards(client, product.product_id)
    looked_up = [await _release_expired_of(client, key, stock, now) for key, stock in shards.items()]
    next_look = now + _NEXT_LOOK_INTERVAL if all(looked_up) else now
    await _note_next(product.product_id, shards.values(), next_look)
    await _carry_on_transfers(client, shards)
    for move in moves_to_backorders(shards):
        await _move(client, shards, move)
    await _empty_unused(client, product, shards)


async def _release_expired_of(client: DurableClient, key: str, stock: Stock, now: datetime) -> bool:
    """Release what has expired. Returns whether every order was looked up whose reservation is past its time."""

    async def is_running(order_id: str) -> bool:
        return is_unfinished(await instance_status(client, order_instance_id(order_id)))

    past = from_another_place(sorted(expired_orders(stock, now)), now)
    asked, left = past[:_MAX_LOOK_UPS], past[_MAX_LOOK_UPS:]
    answers = await gather_bounded(is_running, asked)
    running = [order_id for order_id, is_live in zip(asked, answers, strict=True) if is_live]
    # Those that are left keep their goods until a later run, which begins at another one of them.
    request = ExpireRequest(now=now, live=(*running, *left))
    after, result = expire(stock, request)
    if after != stock:
        _log.info("%s: releasing %s expired reservations", key, result.message)
        await signal_stock(client, key, EXPIRE, request)
    return not left


async def _note_next(product_id: str, stocks: Iterable[Stock], next_look: datetime) -> None:
    """Note when the next of the reservations may expire; those that are past their time are looked at again at `next_look`."""
    times = [
        datetime.fromisoformat(reservation["expires_at"])
        for stock in stocks
        for reservation in stock.reservations.values()
    ]
    if times:
        at = max(min(times), next_look)
        await asyncio.to_thread(services().inventory_notes.note_expiry, product_id, at)


async def _carry_on_transfers(client: DurableClient, shards: Mapping[str, Stock]) -> None:
    """Carry on what was begun: the units first, and, in a later run that finds them there, the acknowledgement."""
    for source, to, transfer in open_transfers(shards):
        number, quantity = transfer["number"], transfer["quantity"]
        if has_arrived(shards, source, to, transfer):
            await signal_stock(client, source, "acknowledge", AcknowledgeRequest(to=to, number=number))
        else:
            take = TakeRequest(source=source, number=number, quantity=quantity)
            await signal_stock(client, to, "take", take)


async def _move(client: DurableClient, shards: Mapping[str, Stock], move: Move) -> None:
    """Have a shard give units to another one. They arrive there when the transfer is carried on."""
    received = shards[move.to].received.get(move.source, 0)
    give = GiveRequest(to=move.to, wanted=move.quantity, received=received)
    await signal_stock(client, move.source, "give", give)


async def _empty_unused(client: DurableClient, product: Product, shards: Mapping[str, Stock]) -> None:
    """Have the shards beyond the product's setting give what no backorder waits for there to the first one."""
    used = {stock_key(product.product_id, shard) for shard in range(product.stock_shards)}
    for key, stock in shards.items():
        if key not in used and stock.available and not stock.backordered:
            await _move(client, shards, Move(key, product.product_id, stock.available))
