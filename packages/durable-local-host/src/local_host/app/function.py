"""A function of an app: what triggers it, what it binds, how it is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local_host.app.retry_policy import RetryPolicy
from local_host.engine.executor import FunctionKind

# Trigger type -> (kind, field of the decorator that renames it).
_DURABLE_TRIGGERS = {
    "orchestrationTrigger": (FunctionKind.ORCHESTRATOR, "orchestration"),
    "activityTrigger": (FunctionKind.ACTIVITY, "activity"),
    "entityTrigger": (FunctionKind.ENTITY, "entityName"),
}


@dataclass(frozen=True)
class Binding:
    """One binding of a function. name: its parameter, or `$return`; fields: the rest, as in function.json."""

    type: str
    is_output: bool
    name: str
    fields: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Function:
    """A function of the app, ready to be called with keyword arguments."""

    name: str
    call: Callable[..., Any]
    trigger: Binding
    inputs: tuple[Binding, ...]
    outputs: tuple[Binding, ...]
    is_async: bool
    wants_context: bool
    # Parameters annotated `str` or `bytes`: the worker hands them the raw text or bytes instead of a rich object.
    plain_parameters: Mapping[str, type]
    retry: RetryPolicy | None

    @property
    def kind(self) -> FunctionKind | None:
        """What it is to the Durable engine; None for a function with another trigger."""
        durable = _DURABLE_TRIGGERS.get(self.trigger.type)
        return durable[0] if durable else None

    @property
    def durable_name(self) -> str:
        """The name under which orchestrations and clients reach it."""
        renamed = _DURABLE_TRIGGERS[self.trigger.type][1]
        return str(self.trigger.fields.get(renamed) or self.name)
