"""Orders, the products that they are made of, and what leads to them."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from domain.catalogue.product import Product
from domain.inventory.stock_notes import NoteKind, PassPosition, StockNote
from domain.orders.batch import BatchChunk, BatchLine, ChunkResults, CollectResults, LineCounts, LineResult
from domain.orders.intake import RefusedMessage
from domain.orders.listing import EVERY_ORDER, Count, EndedOrder, IndexMending, ListedOrder, OrderFilter
from domain.orders.order import Order, OrderProgress, OrderStatus
from domain.orders.row import BeforeCapture, OrderRow
from domain.page import Page
from domain.personal.traces import Traces
from domain.repositories.runs import RunRecords
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.course import RunEnd
from domain.workflows.intake import Intake
from domain.workflows.records import CourseSettled, SettleCourse


class OrderRepository(RunRecords, Protocol):
    """One row per order id, inserted only if absent and never deleted. A status only moves as the transition table allows."""

    def accept(self, order: Order, fingerprint: str) -> Intake:
        """Insert a new order, unless its id is known in any case. fingerprint: equal for equal requests."""

    def get(self, order_id: str) -> OrderRow | None:
        """Return one order; None when there is none of this id."""

    def list(
        self, wanted: OrderFilter = EVERY_ORDER, *, cursor: str | None = None, limit: int = 50
    ) -> Page[ListedOrder]:
        """Return orders, newest first. Raises InvalidCursor."""

    def ended(self, since: datetime, until: datetime, limit: int) -> Sequence[EndedOrder]:
        """Return orders that ended, or came to need attention, in a span of time: the oldest first, so many at most."""

    def count(self, status: OrderStatus) -> Count:
        """Return how many orders have a status, counted up to a limit."""

    def record(self, progress: OrderProgress) -> OrderProgress | None:
        """Store where an order stands, unless the row is further. Return the progress when it changed the status."""

    def record_under_way(self, progress: OrderProgress) -> None:
        """Store how far a running order is, unless the row is further, ended, or past the point of no return."""

    def before_capture(self, order_id: str) -> BeforeCapture:
        """Return whether an order's money may be taken."""

    def settle_course(self, request: SettleCourse, before: BeforeCapture | None = None) -> CourseSettled:
        """Record which way an order goes, unless that is recorded; return the course that holds.

        before: what the order was like a moment ago, which saves a read where it has not changed since.
        """

    def request_cancellation(self, order_id: str, request: CancellationRequest) -> OrderRow | None:
        """Store a cancellation, unless there is one or the order is past it. Return the row as it then is."""

    def begin_compensation(self, order_id: str, end: RunEnd) -> bool:
        """Record that a replay compensates an order, which is then not started again. False: it must not."""

    def withdraw_stop(self, order_id: str) -> OrderRow | None:
        """Let an order go on that was given up and that nothing has compensated. None: it must stay stopped."""

    def pseudonymise(self, order_id: str, traces: Traces) -> None:
        """Take the customer out of an order that has ended, and out of the index."""

    def purge(self, order_id: str, now: datetime) -> None:
        """Delete what is known of an order that has ended, but for its id, its fingerprint and its status."""


class OrderRepair(Protocol):
    """The index of orders that ended under an earlier release."""

    def complete_ends(self, now: datetime, has_time: Callable[[], bool]) -> int:
        """Have every ended order found by the time of its end, for as long as there is time. Return how many were not before."""


class OrderIndexCheck(Protocol):
    """Compares the index of orders with the orders."""

    def mend(self, now: datetime, has_time: Callable[[], bool]) -> IndexMending:
        """Go on comparing, for as long as there is time, and mend what differs."""

    def drop_left_over_end(self, ended: EndedOrder) -> bool:
        """Return whether an order did not end as its index row says: then that row is mended."""


class OrderBatches(Protocol):
    """What batches of orders keep between their steps."""

    def keep_lines(
        self, batch_id: str, digest: str, chunks: Sequence[Sequence[BatchLine]], rejected: Sequence[LineResult]
    ) -> None:
        """Store what a file holds, before its batch is started."""

    def lines(self, chunk: BatchChunk) -> tuple[BatchLine, ...]:
        """Return the orders of one chunk."""

    def keep_results(self, done: ChunkResults) -> None:
        """Store what became of one chunk's orders."""

    def collect(self, wanted: CollectResults) -> LineCounts:
        """Store one result per line, in the order of the file, and return how many there are of each outcome."""

    def all_results(self, batch_id: str) -> bytes | None:
        """Return JSON Lines, one result per line of the file; None before they are collected."""


class QueuedOrders(Protocol):
    """The queue by which other systems send orders."""

    def put_back(self, message: str, later: timedelta) -> None:
        """Store a message again, to be delivered that much later."""


class RefusedOrders(Protocol):
    """Queue messages that are no orders, kept with the reason."""

    def put(self, refused: RefusedMessage) -> None:
        """Store a message. A repeat stores a second one with the same `message_id`."""


class StockNotes(Protocol):
    """Which products' stocks are to be looked at. Every method raises StorageUnavailable."""

    def put(self, note: StockNote) -> None:
        """Store a note. A repeat changes nothing."""

    def until(self, kind: NoteKind, hour: str) -> list[StockNote]:
        """Return the notes of a kind up to an hour, included."""

    def delete(self, note: StockNote) -> None:
        """Delete a note, if there is one."""

    def pass_position(self) -> PassPosition | None:
        """Return how far the pass over all products is; None before the first."""

    def move_pass(self, position: PassPosition) -> None:
        """Store how far the pass over all products is."""


class Catalogue(Protocol):
    """The products for sale."""

    def get(self, product_id: str) -> Product | None:
        """Return one product; None when there is none of this id."""

    def get_many(self, product_ids: Collection[str]) -> dict[str, Product]:
        """Return those of the products that exist, by id."""

    def list(self, *, cursor: str | None = None, limit: int = 50) -> Page[Product]:
        """Return products by id. Raises InvalidCursor."""

    def put(self, product: Product) -> None:
        """Store a product, or replace it."""

    def try_put(self, product: Product, known: Product | None) -> bool:
        """Store a product in the place of one that was read, or where there was none; False when it is no longer so."""
