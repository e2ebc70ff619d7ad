"""Spans of an entity's operations: each in the trace of the order that asked for it, whatever batch it was carried out in.

The SDK runs a batch as one call, and its answer says when each operation began and how long it took. An operation that belongs to
no trace (a restock by a person, say) has no span. Nothing but the names of entity and operation and the order's id is taken over.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.trace import SpanKind, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.workflows.trace import traceparent_of

_PROPAGATOR: Final = TraceContextTextMapPropagator()
_NS_PER_MS: Final = 1_000_000


def trace_operations(tracer: Tracer, entity: str, asked: str, answer: str) -> None:
    """Make the spans of a batch that was carried out.

    Args:
        tracer: Makes them.
        entity: The entity's name.
        asked: The batch, as the platform hands it over.
        answer: What the SDK answers.
    """
    batch, results = json.loads(asked)["batch"], json.loads(answer)["results"]
    for operation, result in zip(batch, results, strict=False):
        request = _request(operation)
        traceparent = traceparent_of(request)
        if traceparent is not None:
            _trace(tracer, f"{entity}.{operation['name']}", traceparent, _facts(request), result)


def _trace(tracer: Tracer, name: str, traceparent: str, facts: Mapping[str, str], result: Mapping[str, Any]) -> None:
    began_ns = int(result["startTime"]) * _NS_PER_MS
    span = tracer.start_span(
        name,
        _PROPAGATOR.extract({"traceparent": traceparent}),
        SpanKind.INTERNAL,
        facts,
        start_time=began_ns,
        record_exception=False,
        set_status_on_exception=False,
    )
    if result["isError"]:
        span.set_status(StatusCode.ERROR)
    span.end(began_ns + int(result["duration"]) * _NS_PER_MS)


def _request(operation: Mapping[str, Any]) -> Any:
    """Return what an operation was asked with: JSON in a text, which the SDK writes once or twice over."""
    request = operation.get("input")
    for _ in range(2):
        if isinstance(request, str):
            try:
                request = json.loads(request)
            except ValueError:
                return None
    return request


def _facts(request: Mapping[str, Any]) -> dict[str, str]:
    order_id = request.get("order_id")
    return {"shop.order_id": order_id} if isinstance(order_id, str) else {}
