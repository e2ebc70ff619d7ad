"""What goes between the host and a worker, which may be a process of its own: raw values only, so that all of it can be sent.

The host reads what a function's input bindings name and sends what its output bindings take; a worker turns raw values
into what the function's parameters expect, calls it, and turns back what it returned.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from azure.functions.meta import Datum

from local_host.app.function_context import Invocation, RetryContext
from local_host.engine.errors import OperationFailed

if TYPE_CHECKING:
    from local_host.app.function import Function


@dataclass(frozen=True, kw_only=True)
class FunctionCall:
    """One call. metadata: what came with the trigger's value.

    inputs: by parameter; the text of a durable client, the content of a blob, None for one that does not exist.
    """

    function: str
    trigger: Datum
    metadata: Mapping[str, Datum] | None
    inputs: Mapping[str, Datum | None]
    invocation: Invocation
    retry: RetryContext | None = None


@dataclass(frozen=True)
class FunctionAnswer:
    """returned: what an HTTP or durable function returned, else None; outputs: what was set, by output binding.

    failed_operations: of an entity, whose call succeeds all the same.
    """

    returned: Datum | None
    outputs: Mapping[str, Datum]
    failed_operations: Sequence[OperationFailed] = ()


class FunctionWorker(Protocol):
    """Calls the functions of one app."""

    async def call(self, call: FunctionCall) -> FunctionAnswer:
        """Call a function. Raises UserCodeFailed when its code raises; CallLost, one of them, when no answer will come."""

    async def until_threads_end(self) -> None:
        """Return when functions that run in threads of this process have ended, though their callers were cancelled."""

    async def close(self) -> None:
        """Release everything; what still runs is not waited for."""


class Invoke(Protocol):
    """How triggers call a function: `Invoker.invoke`, or what a test puts around it."""

    def __call__(
        self,
        function: Function,
        datum: Datum,
        metadata: Mapping[str, Datum] | None = None,
        *,
        retry: RetryContext | None = None,
    ) -> Awaitable[FunctionAnswer]:
        """Call a function with its trigger's value. Raises UserCodeFailed."""
