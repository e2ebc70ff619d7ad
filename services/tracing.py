"""One trace from a request to what it starts, and on to the providers.

The platform hands each call of a function the trace that it belongs to, as `context.trace_context`. It is made the current one
here: the durable client then hands it on to the instance that it starts, whose activities get it from the platform in turn. That
alone loads nothing that is not loaded anyway. Spans of the app's own are made only where OTEL_EXPORTER_OTLP_ENDPOINT says who takes
them.
"""

import inspect
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, Final

import azure.functions as func
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

ORDER_ID: Final = "shop.order_id"
"""The attribute of a span that says whose order it is about."""

_ENDPOINT: Final = "OTEL_EXPORTER_OTLP_ENDPOINT"
# These have the trigger's value as `context`, and run as code of the SDK.
_REPLAYED: Final = ("orchestrationTrigger", "entityTrigger")
_PROPAGATOR: Final = TraceContextTextMapPropagator()


def trace_calls(app: Any) -> None:
    """Have every function of an app run within the trace that the platform hands it; orchestrators and entities need no help."""
    for builder in app._function_builders:  # the SDK has no public way to what it registers
        function = builder._function
        if function.get_trigger().get_binding_name() not in _REPLAYED:
            function._func = within_its_trace(function.get_user_function())


def within_its_trace(function: Any) -> Any:
    """Return a function that is called with `context` besides, and runs within its trace."""
    signature = inspect.signature(function)
    if "context" in signature.parameters:
        return function
    name = function.__name__

    @wraps(function)
    async def run(*args: Any, context: func.Context | None = None, **bindings: Any) -> Any:
        with _within(context, name, (*args, *bindings.values())):
            return await function(*args, **bindings)

    @wraps(function)
    def run_in_thread(*args: Any, context: func.Context | None = None, **bindings: Any) -> Any:
        with _within(context, name, (*args, *bindings.values())):
            return function(*args, **bindings)

    traced: Any = run if inspect.iscoroutinefunction(function) else run_in_thread
    own = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=func.Context)
    traced.__signature__ = signature.replace(parameters=[*signature.parameters.values(), own])
    traced.__annotations__ = {**function.__annotations__, "context": func.Context}
    return traced


def mark_order(order_id: str) -> None:
    """Say of the span under way whose order it is about."""
    trace.get_current_span().set_attribute(ORDER_ID, order_id)


@contextmanager
def _within(call: func.Context | None, name: str, values: Sequence[Any]) -> Iterator[None]:
    # Without a context another function of the app calls it, within the trace that is the current one.
    parent = context.get_current() if call is None else _handed_over(call.trace_context)
    tracer = _tracer()
    if tracer is None:
        token = context.attach(parent)
        try:
            yield
        finally:
            context.detach(token)
        return
    from adapters.telemetry.spans import span_of_call

    order_id = order_id_of(values)
    with span_of_call(tracer, name, parent, {ORDER_ID: order_id} if order_id else {}):
        yield


def _handed_over(given: Any) -> context.Context:
    return _PROPAGATOR.extract({"traceparent": given.trace_parent or "", "tracestate": given.trace_state or ""})


def order_id_of(values: Sequence[Any]) -> str | None:
    """Return the id of the order that an activity's request is about, or one of its parts; None for another's."""
    for value in values:
        for part in (value, *value.values()) if isinstance(value, dict) else ():
            if isinstance(part, dict) and isinstance(part.get("order_id"), str):
                return str(part["order_id"])
    return None


def flush() -> None:
    """Send the spans that were made and not yet sent, where they are sent anywhere."""
    if _tracer() is not None:
        _provider().force_flush()


@cache
def _provider() -> Any:
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    from adapters.telemetry.otlp import OtlpExporter
    from adapters.telemetry.spans import provider_to

    exporter = OtlpExporter(os.environ[_ENDPOINT])
    return provider_to(BatchSpanProcessor(exporter), os.environ.get("OTEL_SERVICE_NAME", "durable-orders"))


@cache
def _tracer() -> Any:
    if not os.environ.get(_ENDPOINT):
        return None
    from adapters.telemetry.spans import trace_requests

    tracer = _provider().get_tracer("shop")
    trace_requests(tracer)
    return tracer
