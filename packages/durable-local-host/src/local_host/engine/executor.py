"""The seam between the engine and the app it runs.

The engine knows functions by their durable name and speaks to them in JSON text; an executor finds and calls them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from local_host.engine.errors import UnknownFunction


class FunctionKind(StrEnum):
    """What an app registers under a durable name."""

    ORCHESTRATOR = "orchestrator"
    ACTIVITY = "activity"
    ENTITY = "entity"


class Functions(Protocol):
    """The names of the functions of one app."""

    def find(self, kind: FunctionKind, name: str) -> str | None:
        """Return the registered spelling of a durable name, looked up ignoring case; None when there is no such function."""

    def is_disabled(self, kind: FunctionKind, name: str) -> bool:
        """Return whether a function of that durable name is there, but a setting disables it; `find` has none then."""

    def left_out(self, kind: FunctionKind, name: str) -> str | None:
        """Return why a function of that durable name is there and is not run (for error texts); `find` has none then."""

    def names(self, kind: FunctionKind) -> Sequence[str]:
        """Return all durable names of one kind, in their registered spelling (for error texts)."""


class Executor(Functions, Protocol):
    """Calls the functions of one app.

    Every `run_...` raises `errors.UserCodeFailed` when the function's own code raises; any other exception means that
    the host itself failed, and the engine tries the same work again.
    """

    async def run_orchestrator(self, name: str, payload: str) -> str:
        """Replay the orchestrator; returns the SDK's JSON text, which starts with its flags and lists all actions.

        payload: JSON text with history, input, ids and limits. An exception of the orchestrator arrives as
        `UserCodeFailed` whose message still carries the SDK's `$OutOfProcData$:` part.
        """

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        """Call the activity with an input of JSON text; returns its result as JSON text, None for None."""

    async def run_entity(self, name: str, payload: str) -> str:
        """Run one batch of operations; returns the SDK's JSON text with state and results."""

    async def call_http(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Make the HTTP call of `context.call_http`.

        request: `method`, `uri`, `content` (text or None), `headers`, perhaps `tokenSource`. Returns `statusCode`,
        `headers`, `content`; a status other than 2xx is a normal result. Raises `UserCodeFailed` when no answer came.
        """


def unknown_function(functions: Functions, kind: FunctionKind, name: str) -> UnknownFunction:
    """Return the refusal of a durable name that is not known."""
    return UnknownFunction(kind, name, functions.names(kind), functions.left_out(kind, name))
