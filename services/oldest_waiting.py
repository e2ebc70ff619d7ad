"""What has waited longest: of the new orders, the approvals and the dead letters."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from domain.orders.listing import OrderFilter
from domain.orders.order import OrderStatus
from domain.workflows.dead_letter import DeadLetter, DeadLetterState
from services.container import services
from services.pages import MAX_PAGE_SIZE

_LETTER_SAMPLE_SIZE: Final = 50


class Oldest(NamedTuple):
    """What has waited longest of those that one page of a list has.

    Attributes:
        key: Of an order its id, of a dead letter the dead letter's.
        is_exact: Whether that page was the whole list. If not, another may have waited longer.
    """

    key: str
    since: datetime
    is_exact: bool


class OldestWaiting(NamedTuple):
    """What has waited longest of each kind; None where nothing of it waits."""

    order: Oldest | None
    approval: Oldest | None
    dead_letter: Oldest | None


async def oldest_waiting() -> OldestWaiting:
    """Return what has waited longest. Raises StorageUnavailable."""
    return OldestWaiting(
        *await asyncio.gather(
            asyncio.to_thread(_oldest_order, OrderStatus.ACCEPTED),
            asyncio.to_thread(_oldest_order, OrderStatus.AWAITING_APPROVAL),
            asyncio.to_thread(_oldest_dead_letter),
        )
    )


def _oldest_order(status: OrderStatus) -> Oldest | None:
    page = services().order_repository.list(OrderFilter(status=status), limit=MAX_PAGE_SIZE)
    waiting = ((each.placed_at, each.order_id) for each in page.items if each.placed_at is not None)
    return _oldest(waiting, is_exact=page.cursor is None)


def _oldest_dead_letter() -> Oldest | None:
    page = services().dead_letters.list(state=DeadLetterState.OPEN, limit=_LETTER_SAMPLE_SIZE)
    return _oldest(map(_waiting, page.items), is_exact=page.cursor is None)


def _waiting(letter: DeadLetter) -> tuple[datetime, str]:
    return letter.dead_lettered_at, letter.dead_letter_id


def _oldest(waiting: Iterable[tuple[datetime, str]], *, is_exact: bool) -> Oldest | None:
    since, key = min(waiting, default=(None, ""))
    return None if since is None else Oldest(key, since, is_exact)
