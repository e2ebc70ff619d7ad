"""Spans of requests to others. It loads nothing: without a tracer, which `spans` sets, no span is made.

A span has whom it asks, the method and the status, and neither path nor query nor the text of an exception.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.trace import SpanKind, StatusCode, Tracer

_tracers: list[Tracer] = []


def trace_with(tracer: Tracer) -> None:
    """Have the spans of requests made by this tracer."""
    _tracers[:] = [tracer]


@contextmanager
def span_of_request(method: str, peer: str, facts: Mapping[str, str] | None = None) -> Iterator[Callable[[int], None]]:
    """Trace a request for the length of the block, which is handed what takes the status of the answer.

    Args:
        method: Of the request.
        peer: Whom it asks, for the span's name.
        facts: Further attributes.
    """
    if not _tracers:
        yield lambda _: None
        return
    with _tracers[0].start_as_current_span(
        f"{method} {peer}",
        kind=SpanKind.CLIENT,
        attributes={"http.request.method": method, **(facts or {})},
        record_exception=False,
        set_status_on_exception=False,
    ) as span:

        def answered(status: int) -> None:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_status(StatusCode.ERROR)

        try:
            yield answered
        except Exception as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__qualname__)
            raise
