"""An executor around the real one, for what a test puts between the engine and the app."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from local_host.engine.executor import Executor, FunctionKind


class WrappedExecutor:
    """An `Executor` that passes everything on except the runs of functions, which a subclass defines."""

    def __init__(self, real: Executor) -> None:
        self._real = real

    def find(self, kind: FunctionKind, name: str) -> str | None:
        """Ask the real executor."""
        return self._real.find(kind, name)

    def is_disabled(self, kind: FunctionKind, name: str) -> bool:
        """Ask the real executor."""
        return self._real.is_disabled(kind, name)

    def left_out(self, kind: FunctionKind, name: str) -> str | None:
        """Ask the real executor."""
        return self._real.left_out(kind, name)

    def names(self, kind: FunctionKind) -> Sequence[str]:
        """Ask the real executor."""
        return self._real.names(kind)

    async def call_http(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Send the request, which needs no function of the app."""
        return await self._real.call_http(request)
