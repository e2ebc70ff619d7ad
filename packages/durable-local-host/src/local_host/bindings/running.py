"""Runs a triggered function, again where its `retry` decorator says so, and logs how it went."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from itertools import count

from azure.functions.meta import Datum

from local_host.app.calls import Invoke
from local_host.app.function import Function
from local_host.app.function_context import PastFailure, RetryContext
from local_host.engine.clock import Clock
from local_host.engine.errors import UserCodeFailed
from local_host.engine.failure_log import ONLY, Attempt, counted, log_failure
from local_host.engine.log_categories import host_logger
from local_host.engine.running import Running

_log = host_logger("local_host.triggers")


class TriggeredRun:
    """Calls functions for the listeners. A failure is logged and returned as False; it never ends a listener."""

    def __init__(self, invoke: Invoke, clock: Clock) -> None:
        self._invoke = invoke
        self._clock = clock
        self._is_closed = False
        self.running = Running()

    async def __call__(
        self,
        function: Function,
        datum: Datum,
        metadata: Mapping[str, Datum] | None = None,
        delivery: Attempt = ONLY,
    ) -> bool:
        """Return whether the function succeeded in the end. delivery: which one it is of what triggers the function."""
        if self._is_closed:
            # The host stops: a listener that asks for a run now waits until it is cancelled.
            await asyncio.get_running_loop().create_future()
        most, failure = (function.retry.max_retries if function.retry else 0), None
        for tries in count():
            if tries:
                await self._pause(function, tries)
            failure = await self._try(function, datum, metadata, _retry_context(tries, most, failure))
            if failure is None:
                return True
            is_last = function.retry is None or tries == most
            log_failure(function.name, failure, _attempt(tries, most, delivery) if function.retry else delivery)
            if is_last:
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
        """Return what the function failed with, None when it succeeded."""
        with self.running:
            try:
                await self._invoke(function, datum, metadata, retry=retry)
            except UserCodeFailed as failure:
                return failure
        return None

    async def _pause(self, function: Function, tries: int) -> None:
        assert function.retry is not None
        delay = timedelta(seconds=function.retry.delay_before(tries))
        await self._clock.sleep_until(self._clock.now() + delay)


def _retry_context(tries: int, most: int, failure: UserCodeFailed | None) -> RetryContext:
    past = PastFailure(message=str(failure), stack_trace=failure.stack) if failure else None
    return RetryContext(retry_count=tries, max_retry_count=most, exception=past)


def _attempt(tries: int, most: int, delivery: Attempt) -> Attempt:
    """Make one try of the `retry` decorator, within a delivery that may be one of several."""
    attempt = counted(tries + 1, most + 1 if most >= 0 else most)
    text = attempt.text if delivery is ONLY else f"{attempt.text}, {delivery.text}"
    return Attempt(text=text, is_retried=attempt.is_retried or delivery.is_retried)
