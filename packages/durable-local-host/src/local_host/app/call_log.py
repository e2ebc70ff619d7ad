"""What the host logs of each call: that it begins, and that it succeeded. What it failed with, its caller logs."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping

from azure.functions.meta import Datum

from local_host.app.binding_types import trigger_type
from local_host.app.function import Function
from local_host.app.function_context import Invocation
from local_host.engine.errors import Execution, FunctionTimedOut, UserCodeFailed
from local_host.engine.log_categories import function_logger


class CallLog:
    """The log of one call, from its beginning on."""

    def __init__(self, function: Function, invocation: Invocation, metadata: Mapping[str, Datum] | None) -> None:
        self._name = function.name
        self._id = invocation.id
        self._logger = function_logger(function.name)
        self._begun = time.perf_counter()
        if self._logger.isEnabledFor(logging.INFO):
            reason = _reason(function, metadata or {})
            self._logger.info("Executing 'Functions.%s' (Reason='%s', Id=%s)", self._name, reason, self._id)

    @property
    def execution(self) -> Execution:
        """The call until now."""
        return Execution(self._name, self._id, round((time.perf_counter() - self._begun) * 1000))

    def succeeded(self) -> None:
        """Log that the call succeeded."""
        self._logger.info("Executed 'Functions.%s' (Succeeded, %s)", self._name, self.execution)

    def failed(self, failure: UserCodeFailed) -> None:
        """Give the failure the facts of the call, for the caller, which logs it."""
        failure.execution = self.execution
        # One that is too long takes others with it, which fail for the same reason.
        if isinstance(failure, FunctionTimedOut) and failure.invocation_id == self._id:
            text = "Timeout value of %s exceeded by function 'Functions.%s' (Id: '%s'). Initiating cancellation."
            self._logger.error(text, failure.limit, self._name, self._id)


def _reason(function: Function, metadata: Mapping[str, Datum]) -> str:
    found = trigger_type(function.trigger.type)
    return found.reason(function, metadata) if found else "(null)"
