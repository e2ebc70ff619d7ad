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
    """Of a query's text; pydantic would take blanks, signs, fractions and other digits too."""
    if isinstance(text, int) or (isinstance(text, str) and re.fullmatch(r"[0-9]{1,9}", text)):
        return int(text)
    raise PydanticCustomError("int_type", "Must be a whole number")


class PageQuery(Edge):
    """limit: how many at most. cursor: what the page before gave as `next_cursor`."""

    limit: Annotated[int, Field(ge=1, le=MAX_PAGE_SIZE), BeforeValidator(_whole_number)] = 50
    cursor: Annotated[str, Field(min_length=1, max_length=2_000)] | None = None


async def read_page(read: Callable[..., Page[T]], query: PageQuery) -> Page[T]:
    """Read in a thread. read: takes the query's fields by name. Raises Problem (422) for a cursor of somebody else's."""
    try:
        return await asyncio.to_thread(read, **dict(query))
    except InvalidCursor:
        raise invalid_field("cursor", "invalid_cursor", "Not one that this list has given out") from None
