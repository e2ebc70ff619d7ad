"""The time of one run of a timer: it ends before the host ends the worker, and with it everything that the worker has in hand."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

BEGIN_TIMEOUT_S: Final = 200
"""How long a run may begin further work. What is left is done in the next run."""

RUN_TIMEOUT_S: Final = 270
"""How long a run may take: the host gives a function five minutes. One call of the durable client may take four of them."""


@asynccontextmanager
async def timer_run() -> AsyncIterator[Callable[[], bool]]:
    """Yield a function that returns whether the run may begin further work.

    Raises:
        TimeoutError: The run had to be ended in the middle of its work.
    """
    end = time.monotonic() + BEGIN_TIMEOUT_S
    async with asyncio.timeout(RUN_TIMEOUT_S):
        yield lambda: time.monotonic() < end
