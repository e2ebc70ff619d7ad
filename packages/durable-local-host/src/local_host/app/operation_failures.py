"""What operations of entities raise: the SDK keeps the text alone, and the log needs the stack."""

from __future__ import annotations

import contextvars
import sys
from collections.abc import Callable

import azure.durable_functions as df
from azure.durable_functions.entity import Entity

from local_host.app.stacks import chain
from local_host.engine.errors import OperationFailed

_MODULE = sys.modules[Entity.__module__]

# Where the call in hand collects them.
failed_operations: contextvars.ContextVar[list[OperationFailed] | None] = contextvars.ContextVar(
    "failed_operations", default=None
)


class _NotingEntity(Entity):  # type: ignore[misc]  # the SDK has no types
    """The SDK's runner of a batch, with a function that notes what it raises."""

    def __init__(self, entity_func: Callable[[df.DurableEntityContext], None]) -> None:
        super().__init__(_noting(entity_func))


def note_failed_operations() -> None:
    """Put the runner in place of the SDK's own; twice does no harm."""
    vars(_MODULE)["Entity"] = _NotingEntity


def _noting(function: Callable[[df.DurableEntityContext], None]) -> Callable[[df.DurableEntityContext], None]:
    def run(context: df.DurableEntityContext) -> None:
        try:
            function(context)
        except Exception as error:
            if (failed := failed_operations.get()) is not None:
                failed.append(_failed(context, error))
            raise

    return run


def _failed(context: df.DurableEntityContext, error: Exception) -> OperationFailed:
    return OperationFailed(
        entity=f"@{context.entity_name}@{context.entity_key}",
        operation=str(context.operation_name),
        raised=chain(error),
    )
