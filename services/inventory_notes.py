"""Note which stocks are to be looked at, so that the timers need not read them all.

A note is stored before what it announces, so a process that dies leaves a note too many, never one too few. One process stores
the same note once. What was not noted, such as a reservation of an earlier release, is found by the daily pass over all products.
"""

import asyncio
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from domain.inventory.stock_notes import NoteKind, PassPosition, StockNote, hour_of, note_of
from domain.orders.order import Order
from domain.orders.steps import expiry_of_reservation
from services.concurrency import gather_bounded

if TYPE_CHECKING:
    from domain.repositories.orders import StockNotes

_MAX_REMEMBERED_NOTES: Final = 10_000


class InventoryNotes:
    """The notes as one process makes them. Every method raises StorageUnavailable."""

    def __init__(self, store: "StockNotes") -> None:
        self._store = store
        self._stored: set[StockNote] = set()

    def note_order(self, order: Order) -> None:
        """Note the products of an order: their stocks change now, and its reservations may expire."""
        for line in order.lines:
            self.note_change(line.product_id, order.placed_at)
            self.note_expiry(line.product_id, expiry_of_reservation(order, order.placed_at))

    def note_change(self, product_id: str, now: datetime) -> None:
        """Note that a product's stock changes."""
        self._put_once(note_of(NoteKind.CHANGED, product_id, now))

    async def note_changes(self, product_ids: Iterable[str], now: datetime) -> None:
        """Note that the stocks of products change, several at a time."""

        async def note(product_id: str) -> None:
            await asyncio.to_thread(self.note_change, product_id, now)

        await gather_bounded(note, product_ids)

    def note_expiry(self, product_id: str, at: datetime) -> None:
        """Note that a reservation may expire."""
        self._put_once(note_of(NoteKind.EXPIRES, product_id, at))

    def note_split(self, product_id: str) -> None:
        """Note that a product has shards."""
        self._store.put(_split(product_id))

    def expiring(self, now: datetime) -> list[StockNote]:
        """Return the notes of reservations that may have expired."""
        return self._store.until(NoteKind.EXPIRES, hour_of(now))

    def changed(self, now: datetime) -> list[StockNote]:
        """Return the notes of changed products that no run has looked at since."""
        return self._store.until(NoteKind.CHANGED, hour_of(now))

    def split_products(self) -> set[str]:
        """Return the products that have, or had, shards."""
        return {note.product_id for note in self._store.until(NoteKind.SPLIT, "")}

    def pass_position(self) -> PassPosition | None:
        """Return how far the pass over all products is; None before the first."""
        return self._store.pass_position()

    def move_pass(self, position: PassPosition) -> None:
        """Store how far the pass over all products is."""
        self._store.move_pass(position)

    def looked_at(self, notes: Collection[StockNote], now: datetime) -> None:
        """Delete the notes of hours that are over; in the present one there may be more to see."""
        for note in notes:
            if note.hour < hour_of(now):
                self._store.delete(note)

    def _put_once(self, note: StockNote) -> None:
        if note in self._stored:
            return
        self._store.put(note)
        if len(self._stored) >= _MAX_REMEMBERED_NOTES:
            self._stored.clear()
        self._stored.add(note)


def _split(product_id: str) -> StockNote:
    return StockNote(NoteKind.SPLIT, "", product_id)
