"""Lists, page by page."""

import asyncio
import re
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BeforeValidator, Field
from pydantic_core import PydanticCustomError

from domain.page import InvalidCursor, Page
from domain.wire import Edge
from services.pages import MAX_PAGE_SIZE
from triggers.http.support.problems import invalid_field

T = TypeVar("T")


def _whole_number(text: Any) -> Any:
    """Return the number of a query's text. pydantic would accept blanks, signs, fractions and other digits too."""
    if isinstance(text, int) or (isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}", text)):
        return int(text)
    raise PydanticCustomError("int_type", "Must be a whole number")


class PageQuery(Edge):
    """The query of a list. `limit` is the size of a page; `cursor` is the `next_cursor` of the page before."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE), BeforeValidator(_whole_number)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None


async def read_page(read: Callable[..., Page[T]], query: PageQuery) -> Page[T]:
    """Read a page in a thread.

    Args:
        read: Takes the fields of the query by name.
        query: Its cursor is one of this list, or none.

    Raises:
        Problem: 422 for a cursor that this list has not given out.
    """
    try:
        return await asyncio.to_thread(read, **dict(query))
    except InvalidCursor:
        raise invalid_field("cursor", "invalid_cursor", "Must be a next_cursor of this list") from None
