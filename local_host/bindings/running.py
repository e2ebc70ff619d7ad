"""Runs a triggered function, again where its `retry` decorator says so, and logs how it went."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from datetime import timedelta
from itertools import count

from azure.functions.meta import Datum

from local_host.app.function_context import PastFailure, RetryContext
from local_host.app.index import Function
from local_host.app.invoker import Invoke
from local_host.clock import Clock
from local_host.errors import UserCodeFailed
from local_host.failure_log import log_failure
from local_host.running import Running

_log = logging.getLogger("local_host.triggers")


class TriggeredRun:
    """Calls functions for the listeners. A failure is logged and told as False; it never ends a listener."""

    def __init__(self, invoke: Invoke, clock: Clock) -> None:
        self._invoke = invoke
        self._clock = clock
        self._is_closed = False
        self.running = Running()

    async def __call__(self, function: Function, datum: Datum, metadata: Mapping[str, Datum] | None = None) -> bool:
        """Whether the function succeeded in the end."""
        if self._is_closed:
            # The host stops: whoever asks for a run now waits until it is cancelled.
            await asyncio.get_running_loop().create_future()
        most, failure = (function.retry.max_retries if function.retry else 0), None
        for tries in count():
            if tries:
                await self._pause(function, tries)
            failure = await self._try(function, datum, metadata, _retry_context(tries, most, failure))
            if failure is None:
                return True
            if function.retry is None or tries == most:
                break
        return False

    async def close(self, grace_s: float) -> None:
        """Begin nothing more, and let what runs come to its end, for at most grace_s seconds."""
        self._is_closed = True
        try:
            async with asyncio.timeout(grace_s):
                await self.running.until_none()
        except TimeoutError:
            _log.warning("%d triggered functions still run; leaving them", self.running.count)

    async def _try(
        self, function: Function, datum: Datum, metadata: Mapping[str, Datum] | None, retry: RetryContext
    ) -> UserCodeFailed | None:
        """What the function failed with, None when it succeeded."""
        with self.running:
            try:
                await self._invoke(function, datum, metadata, retry=retry)
            except UserCodeFailed as failure:
                log_failure(function.name, failure)
                return failure
        _log.info("%s ran", function.name)
        return None

    async def _pause(self, function: Function, tries: int) -> None:
        assert function.retry is not None
        delay = timedelta(seconds=function.retry.delay_before(tries))
        await self._clock.sleep_until(self._clock.now() + delay)


def _retry_context(tries: int, most: int, failure: UserCodeFailed | None) -> RetryContext:
    past = PastFailure(message=str(failure), stack_trace=failure.stack) if failure else None
    return RetryContext(retry_count=tries, max_retry_count=most, exception=past)
