"""Spans of calls: of the app's own functions, and of its requests to Stripe, EasyPost and Storage, which all go through `requests`.

A span of a request has the host that was asked, the method and the status, and neither path nor query: those of Storage hold keys
of rows, and those of providers ids of theirs. No span has the text of an exception.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from opentelemetry import context, propagate
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import SpanKind, StatusCode, Tracer

_IS_TRACED: Final = "_is_traced"


def provider_to(processor: SpanProcessor, service: str) -> TracerProvider:
    """Return a provider of tracers whose spans go to a processor."""
    provider = TracerProvider(resource=Resource({"service.name": service}))
    provider.add_span_processor(processor)
    return provider


@contextmanager
def span_of_call(tracer: Tracer, name: str, parent: context.Context, facts: dict[str, str]) -> Iterator[None]:
    """Trace a call of one of the app's functions for the length of the block."""
    with tracer.start_as_current_span(
        name, parent, SpanKind.SERVER, facts, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__qualname__)
            raise


def trace_requests(tracer: Tracer) -> None:
    """Trace every request of this process that is made during a traced call, and hand the trace on to whom it asks."""
    real = requests.Session.send
    if hasattr(real, _IS_TRACED):
        return

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        facts = {
            "server.address": str(urlsplit(request.url or "").hostname),
            "http.request.method": str(request.method),
        }
        with tracer.start_as_current_span(
            f"{facts['http.request.method']} {facts['server.address']}",
            kind=SpanKind.CLIENT,
            attributes=facts,
            record_exception=False,
            set_status_on_exception=True,
        ) as span:
            propagate.inject(request.headers)
            response = real(session, request, **options)
            span.set_attribute("http.response.status_code", response.status_code)
            if response.status_code >= 500:
                span.set_status(StatusCode.ERROR)
            return response

    setattr(send, _IS_TRACED, True)
    requests.Session.send = send  # type: ignore[method-assign,assignment]
