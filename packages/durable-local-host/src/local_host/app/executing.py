"""Which invocations run now, and to which of them a line belongs that is logged."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

from local_host.app.function_context import THREAD_LOCAL, Invocation, current_invocation

# What runs now, by id, with the event loop of its worker.
_EXECUTING: dict[str, tuple[Invocation, asyncio.AbstractEventLoop]] = {}


@contextmanager
def executing(invocation: Invocation, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Make the invocation the current one while the block runs. loop: of its worker."""
    _EXECUTING[invocation.id] = (invocation, loop)
    token = current_invocation.set(invocation)
    try:
        yield
    finally:
        current_invocation.reset(token)
        del _EXECUTING[invocation.id]


def logging_invocation() -> Invocation | None:
    """Return the invocation that the Functions host takes a line for that is logged here and now.

    The Python worker looks for its id in the task that runs on the worker's event loop, which inherits it from the task
    that made it, then in the thread's own value: `context.thread_local_storage.invocation_id`. What an app runs in another
    thread (`asyncio.to_thread`, a thread or executor of its own) has neither, although it may have the context's variables.
    (`get_current_invocation_id` in `dispatcher.py` of azure_functions_worker.) The host knows an id until the call has ended.
    """
    here = asyncio._get_running_loop()
    if here is not None and asyncio.current_task(here) is not None and (invocation := current_invocation.get()):
        known = _EXECUTING.get(invocation.id)
        if known is None or known[1] is here:
            return known and known[0]
    known = _EXECUTING.get(getattr(THREAD_LOCAL, "invocation_id", None) or "")
    return known and known[0]
