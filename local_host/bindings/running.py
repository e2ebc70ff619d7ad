"""Runs a triggered function, again where its `retry` decorator says so, and logs how it went."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import timedelta

from azure.functions.meta import Datum

from local_host.app.function_context import PastFailure, RetryContext
from local_host.app.index import Function
from local_host.app.invoker import Invoker
from local_host.clock import Clock
from local_host.errors import UserCodeFailed

_log = logging.getLogger("local_host.triggers")


class TriggeredRun:
    """Calls functions for the listeners. A failure is logged and told as False; it never ends a listener."""

    def __init__(self, invoker: Invoker, clock: Clock) -> None:
        self._invoker = invoker
        self._clock = clock

    async def __call__(self, function: Function, datum: Datum, metadata: Mapping[str, Datum] | None = None) -> bool:
        """Whether the function succeeded in the end."""
        tries, most, failure = 0, function.retry.max_retries if function.retry else 0, None
        while True:
            try:
                await self._invoker.invoke(function, datum, metadata, retry=_retry_context(tries, most, failure))
                _log.info("%s ran", function.name)
            except UserCodeFailed as error:
                _log.error("%s failed with %s\n%s", function.name, error, error.stack)
                failure = error
            else:
                return True
            tries += 1
            if function.retry is None or 0 <= most < tries:
                return False
            await self._clock.sleep_until(self._clock.now() + timedelta(seconds=function.retry.delay_before(tries)))


def _retry_context(tries: int, most: int, failure: UserCodeFailed | None) -> RetryContext:
    past = PastFailure(message=str(failure), stack_trace=failure.stack) if failure else None
    return RetryContext(retry_count=tries, max_retry_count=most, exception=past)
