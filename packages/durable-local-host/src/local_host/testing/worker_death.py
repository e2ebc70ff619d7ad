"""A worker process that dies on order, with all that it has in hand, and is there again at once.

The app stays loaded in the test's process, so the state of its modules outlives the death, as it would not in reality.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from azure.functions.meta import Datum

from local_host.app.calls import FunctionAnswer, Invoke
from local_host.app.function import Function
from local_host.app.function_context import RetryContext
from local_host.engine.errors import WorkerExited
from local_host.engine.executor import Executor
from local_host.testing.wrapped_executor import WrappedExecutor

T = TypeVar("T")
Call = Literal["episode", "activity", "entity", "function"]
"""What a worker does: `function` is one that HTTP, a timer, a queue or a blob triggers."""
Moment = Literal["before", "after"]

_KILLED_EXIT_CODE = 137


@dataclass(kw_only=True)
class DeathOrder:
    """Die in the middle of one call. name: of the function, None for any; left: calls until then, 1 for the next one."""

    during: Call
    name: str | None
    left: int
    when: Moment

    def counts(self, during: Call, name: str) -> bool:
        """Return whether this call is the one during which the worker dies."""
        return during == self.during and self.name in (None, name.casefold())


class MortalWorker:
    """Holds what one worker process has in hand. deaths: how often it has died."""

    def __init__(self, until_threads_end: Callable[[], Awaitable[None]]) -> None:
        """Make a worker that can die.

        Args:
            until_threads_end: A thread cannot be killed, so death waits for those that run; their answers are lost.
        """
        self.deaths = 0
        self._until_threads_end = until_threads_end
        self._order: DeathOrder | None = None
        self._in_hand: set[asyncio.Task[Any]] = set()
        self._is_dead = asyncio.Event()

    def die_during(self, order: DeathOrder) -> None:
        """Let the worker die during a later call."""
        self._order = order

    async def hold(self, during: Call, name: str, run: Callable[[], Awaitable[T]]) -> T:
        """Run a call. Raises WorkerExited when the worker dies meanwhile."""
        moment = self._moment_of_death(during, name)
        if moment == "before":
            await self._die()
        call = asyncio.ensure_future(run())
        if moment == "after":
            await asyncio.gather(call, return_exceptions=True)
            await self._die()
        self._in_hand.add(call)
        is_dead = self._is_dead
        try:
            return await call
        except asyncio.CancelledError:
            if call not in self._in_hand:
                await is_dead.wait()
                raise _exit() from None
            raise
        finally:
            self._in_hand.discard(call)

    def _moment_of_death(self, during: Call, name: str) -> Moment | None:
        order = self._order
        if order is None or not order.counts(during, name):
            return None
        order.left -= 1
        if order.left:
            return None
        self._order = None
        return order.when

    async def _die(self) -> None:
        """Lose what is in hand. Raises WorkerExited, as every call in hand does."""
        self.deaths += 1
        lost, self._in_hand = self._in_hand, set()
        is_dead, self._is_dead = self._is_dead, asyncio.Event()
        for call in lost:
            call.cancel()
        await asyncio.gather(*lost, return_exceptions=True)
        await self._until_threads_end()
        is_dead.set()
        raise _exit()


class MortalExecutor(WrappedExecutor):
    """An executor whose calls are in the hands of a mortal worker. call_http is not: the host itself makes those calls."""

    def __init__(self, real: Executor, worker: MortalWorker) -> None:
        super().__init__(real)
        self._worker = worker

    async def run_orchestrator(self, name: str, payload: str) -> str:
        """Run it, or die meanwhile."""
        return await self._worker.hold("episode", name, lambda: self._real.run_orchestrator(name, payload))

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        """Run it, or die meanwhile."""
        return await self._worker.hold("activity", name, lambda: self._real.run_activity(name, input_text, instance_id))

    async def run_entity(self, name: str, payload: str) -> str:
        """Run it, or die meanwhile."""
        return await self._worker.hold("entity", name, lambda: self._real.run_entity(name, payload))


def mortal_invoke(invoke: Invoke, worker: MortalWorker) -> Invoke:
    """Return the same for the functions that triggers call."""

    async def invoked(
        function: Function,
        datum: Datum,
        metadata: Mapping[str, Datum] | None = None,
        *,
        retry: RetryContext | None = None,
    ) -> FunctionAnswer:
        return await worker.hold("function", function.name, lambda: invoke(function, datum, metadata, retry=retry))

    return invoked


def _exit() -> WorkerExited:
    return WorkerExited(sys.executable, _KILLED_EXIT_CODE)
