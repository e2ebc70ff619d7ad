"""Walk through a long list, page by page."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from domain.page import Page

T = TypeVar("T")

MAX_PAGE_SIZE: Final = 200


def all_items(read: Callable[..., Page[T]], **filters: Any) -> Iterator[T]:
    """Yield all items of a list. It blocks: for a thread.

    Args:
        read: Returns a page; takes a cursor, a limit and the filters by name.
        filters: What `read` is given besides.
    """
    cursor = None
    while True:
        page = read(**filters, cursor=cursor, limit=MAX_PAGE_SIZE)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return
