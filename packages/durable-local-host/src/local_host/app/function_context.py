"""What a function learns of the call it serves: `context: func.Context`, and for logs, which function runs now."""

from __future__ import annotations

import contextvars
import random
import re
import secrets
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import azure.functions as func

_TELEMETRY = ("APPLICATIONINSIGHTS_CONNECTION_STRING", "APPINSIGHTS_INSTRUMENTATIONKEY", "OTEL_EXPORTER_OTLP_ENDPOINT")
_TRACE_PARENT = re.compile(r"00-(?P<trace>(?!0{32})[0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-(?P<flags>[0-9a-f]{2})")

# `context.thread_local_storage` of every function; its `invocation_id` is set in each thread that calls one.
THREAD_LOCAL = threading.local()


# Its own, so that neither an app's seed makes these repeat nor they disturb what the app draws.
_RANDOM = random.Random()  # noqa: S311 - ids that need not be hard to guess


def _invocation_id() -> str:
    """Return a GUID that need not be hard to guess, since every call takes one and the system's own are slow to come."""
    return str(uuid.UUID(int=_RANDOM.getrandbits(128), version=4))


@dataclass(frozen=True, kw_only=True)
class TraceContext:
    """The W3C trace that an invocation belongs to. Like the real host without telemetry, an app without has empty texts."""

    trace_parent: str = ""
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def Traceparent(self) -> str:
        """Return the W3C traceparent."""
        return self.trace_parent

    @property
    def Tracestate(self) -> str:
        """Return the W3C tracestate."""
        return self.trace_state


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """Who runs: for logs and for the function's `context`. instance_id: of an orchestration or activity, else None."""

    function: str
    instance_id: str | None = None
    trace: TraceContext = field(default_factory=TraceContext)
    id: str = field(default_factory=_invocation_id)


def has_telemetry(environ: Mapping[str, str]) -> bool:
    """Return whether the environment says where telemetry goes."""
    return any(environ.get(name) for name in _TELEMETRY)


def trace_of(headers: Mapping[str, str], environ: Mapping[str, str]) -> TraceContext:
    """Return a span of its own: in the caller's trace, or in a new one. Without telemetry there is none.

    Args:
        headers: Of the request, by lower-case name; none for other triggers.
        environ: Names where telemetry goes, if it goes anywhere.
    """
    if not has_telemetry(environ):
        return TraceContext()
    span = secrets.token_hex(8)
    match = _TRACE_PARENT.fullmatch(headers.get("traceparent", ""))
    if match is None:
        return TraceContext(trace_parent=f"00-{secrets.token_hex(16)}-{span}-01")
    return TraceContext(
        trace_parent=f"00-{match['trace']}-{span}-{match['flags']}", trace_state=headers.get("tracestate", "")
    )


# The invocation that began the current code, in whatever thread that runs.
current_invocation: contextvars.ContextVar[Invocation | None] = contextvars.ContextVar(
    "current_invocation", default=None
)


@dataclass(frozen=True, kw_only=True)
class PastFailure:
    """The failure that a retry follows."""

    message: str
    stack_trace: str
    source: str = ""


@dataclass(frozen=True, kw_only=True)
class RetryContext:
    """Which try this is: retry_count 0 is the first one. exception: what the try before raised."""

    retry_count: int = 0
    max_retry_count: int = 0
    exception: PastFailure | None = None


class Context(func.Context):
    """`context: func.Context` of a function."""

    def __init__(self, invocation: Invocation, directory: Path, retry: RetryContext | None) -> None:
        self._invocation = invocation
        self._directory = directory
        self._trace = invocation.trace
        self._retry = retry or RetryContext()

    @property
    def invocation_id(self) -> str:
        """Return the id of this call."""
        return self._invocation.id

    @property
    def thread_local_storage(self) -> Any:
        """Return the place where the worker keeps the id for threads."""
        return THREAD_LOCAL

    @property
    def function_name(self) -> str:
        """Return the function's name."""
        return self._invocation.function

    @property
    def function_directory(self) -> str:
        """Return the app's folder."""
        return str(self._directory)

    @property
    def trace_context(self) -> Any:
        """Return the trace of this call."""
        return self._trace

    @property
    def retry_context(self) -> Any:
        """Return how often the call was tried before."""
        return self._retry
