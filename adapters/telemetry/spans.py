"""Spans of calls: of the app's own functions, and of its requests to Stripe, EasyPost and Storage, which all go through `requests`.

A span of a request has the host that was asked, the method and the status, and neither path nor query: those of Storage hold keys
of rows, and those of providers ids of theirs. No span has the text of an exception. The published instrumentation of `requests`
records the whole address, which is why it is not used.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import requests
from opentelemetry import context, propagate
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode, Tracer

from adapters.telemetry.exporters import to_collector, to_insights
from adapters.telemetry.outgoing import span_of_request, trace_with
from adapters.telemetry.whole_traces import WholeTraces
from tracing_settings import TracingSettings

_IS_TRACED: Final = "_is_traced"
# Set while spans are sent, so that sending them makes none; every published instrumentation asks for it.
_IS_SENDING: Final = context._SUPPRESS_INSTRUMENTATION_KEY

# In Application Insights the host has a request for each call of a function; there, all spans are what happens within it.
_KINDS: Final[Mapping[str, SpanKind]] = {"httpTrigger": SpanKind.SERVER, "queueTrigger": SpanKind.CONSUMER}


def provider_for(settings: TracingSettings) -> TracerProvider:
    """Return a provider of tracers whose spans go where the settings say."""
    exporters = []
    if settings.collector is not None:
        exporters.append(to_collector(settings.collector))
    if settings.insights is not None:
        exporters.append(to_insights(settings.insights))
    return provider_to([BatchSpanProcessor(each) for each in exporters], settings)


def provider_to(processors: Sequence[SpanProcessor], settings: TracingSettings) -> TracerProvider:
    """Return a provider of tracers whose spans go to processors, those of a share of the traces where one is set."""
    provider = TracerProvider(resource=Resource({"service.name": settings.service}))
    for processor in processors:
        sampled = processor if settings.percent == 100 else WholeTraces(processor, settings.percent)
        provider.add_span_processor(sampled)
    return provider


def kind_of(trigger: str, settings: TracingSettings) -> SpanKind:
    """Return the kind of a function's spans. trigger: the name of its binding."""
    return SpanKind.INTERNAL if settings.insights is not None else _KINDS.get(trigger, SpanKind.INTERNAL)


@contextmanager
def span_of_call(
    tracer: Tracer, name: str, parent: context.Context, facts: Mapping[str, str], kind: SpanKind
) -> Iterator[None]:
    """Trace a call of one of the app's functions for the length of the block."""
    with tracer.start_as_current_span(
        name, parent, kind, facts, record_exception=False, set_status_on_exception=False
    ) as span:
        try:
            yield
        except BaseException as error:
            span.set_status(StatusCode.ERROR)
            span.set_attribute("error.type", type(error).__qualname__)
            raise


def trace_requests(tracer: Tracer) -> None:
    """Trace every request of this process that is made during a traced call, and hand the trace on to whom it asks."""
    trace_with(tracer)
    real = requests.Session.send
    if hasattr(real, _IS_TRACED):
        return

    def send(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        if context.get_value(_IS_SENDING):
            return real(session, request, **options)
        host = str(urlsplit(request.url or "").hostname)
        with span_of_request(str(request.method), host, {"server.address": host}) as answered:
            propagate.inject(request.headers)
            response = real(session, request, **options)
            answered(response.status_code)
            return response

    setattr(send, _IS_TRACED, True)
    requests.Session.send = send  # type: ignore[method-assign,assignment]
