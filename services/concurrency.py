"""Ask for many things, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

_CONCURRENCY: Final = 8

A = TypeVar("A")


async def gather_bounded(ask: Callable[[str], Awaitable[A]], ids: Iterable[str]) -> list[A]:
    """Return what `ask` returns for each id, in their order. The first error ends it."""
    limit = asyncio.Semaphore(_CONCURRENCY)

    async def limited(each: str) -> A:
        async with limit:
            return await ask(each)

    return await asyncio.gather(*map(limited, ids))
