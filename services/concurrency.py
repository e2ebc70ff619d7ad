"""Ask for many things, a few at a time."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

_CONCURRENCY: Final = 8

A = TypeVar("A")


async def gather_bounded(ask: Callable[[str], Awaitable[A]], ids: Iterable[str]) -> list[A]:
    """Return what `ask` returns for each id, in their order. The first error ends it: no further id is asked for."""
    left = deque(enumerate(ids))
    answers: dict[int, A] = {}

    # A task for each id would take 1.5 KB for as long as it waits, and there may be a hundred thousand.
    async def ask_on() -> None:
        while left:
            number, each = left.popleft()
            try:
                answers[number] = await ask(each)
            except BaseException:
                left.clear()
                raise

    await asyncio.gather(*(ask_on() for _ in range(min(_CONCURRENCY, len(left)))))
    return [answers[number] for number in sorted(answers)]
