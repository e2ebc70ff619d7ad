"""One trace from a request to what it starts, and on to the providers.

The platform hands each call of a function the trace that it belongs to, as `context.trace_context`. It is made the current one
here: the durable client then hands it on to the instance that it starts, whose activities get it from the platform in turn, and
whose operations of entities from the orchestrator. That alone loads nothing that is not loaded anyway. Spans of the app's own are
made only where a setting says who takes them.
"""

import inspect
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache, wraps
from typing import Any, Final

import azure.functions as func
from opentelemetry import context, trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from domain.cards import looks_like_card_number
from setting_values import InvalidSetting
from tracing_settings import TracingSettings, tracing_settings

ORDER_ID: Final = "shop.order_id"
"""The attribute of a span that says whose order it is about."""
WORKFLOW: Final = "shop.workflow"
STEP: Final = "shop.step"
_KEEP: Final = "shop.keep"

_ORCHESTRATOR: Final = "orchestrationTrigger"
_ENTITY: Final = "entityTrigger"
_ACTIVITY: Final = "activityTrigger"
_ID: Final = r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}"
_log: Final = logging.getLogger(__name__)
_PROPAGATOR: Final = TraceContextTextMapPropagator()


def trace_calls(app: Any) -> None:
    """Have every function of an app run within the trace that the platform hands it; orchestrators need no help."""
    for builder in app._function_builders:  # the SDK has no public way to what it registers
        function = builder._function
        trigger = function.get_trigger().get_binding_name()
        if trigger == _ENTITY:
            function._func = with_its_operations(function.get_user_function(), function.get_function_name())
        elif trigger != _ORCHESTRATOR:
            function._func = within_its_trace(function.get_user_function(), trigger)


def within_its_trace(function: Any, trigger: str = _ACTIVITY) -> Any:
    """Return a function that is called with `context` besides, and runs within its trace."""
    signature = inspect.signature(function)
    if "context" in signature.parameters:
        return function
    name = function.__name__

    @wraps(function)
    async def run(*args: Any, context: func.Context | None = None, **bindings: Any) -> Any:
        if context is None:  # another function of the app calls it
            return await function(*args, **bindings)
        with _within(_handed_over(context.trace_context), name, trigger, (*args, *bindings.values())):
            return await function(*args, **bindings)

    @wraps(function)
    def run_in_thread(*args: Any, context: func.Context | None = None, **bindings: Any) -> Any:
        if context is None:
            return function(*args, **bindings)
        with _within(_handed_over(context.trace_context), name, trigger, (*args, *bindings.values())):
            return function(*args, **bindings)

    traced: Any = run if inspect.iscoroutinefunction(function) else run_in_thread
    own = inspect.Parameter("context", inspect.Parameter.KEYWORD_ONLY, annotation=func.Context)
    traced.__signature__ = signature.replace(parameters=[*signature.parameters.values(), own])
    traced.__annotations__ = {**function.__annotations__, "context": func.Context}
    return traced


def with_its_operations(entity: Any, name: str) -> Any:
    """Return an entity's function that makes a span of each operation of a batch, in the trace of the one who asked for it."""

    @wraps(entity)
    def traced_batch(context: Any) -> Any:
        answer = entity(context)
        tracer = _tracer()
        if tracer is not None:
            from adapters.telemetry.operations import trace_operations

            try:
                trace_operations(tracer, name, str(getattr(context, "body", context)), answer)
            except (KeyError, TypeError, ValueError) as error:  # what was carried out counts, with or without its spans
                _log.warning("a batch of %s has no spans: %s", name, type(error).__qualname__)
        return answer

    return traced_batch


def step_of_an_activity(step: str, request: dict[str, Any]) -> AbstractContextManager[None]:
    """Trace one of several steps that share an activity, within the activity's trace."""
    return _within(context.get_current(), step, _ACTIVITY, (request,))


def mark_order(order_id: str) -> None:
    """Say of the span under way whose order it is about."""
    trace.get_current_span().set_attribute(ORDER_ID, order_id)


def keep_trace() -> None:
    """Have the trace under way sent, whatever share of them is: something failed in it."""
    trace.get_current_span().set_attribute(_KEEP, True)


@contextmanager
def _within(parent: context.Context, name: str, trigger: str, values: Sequence[Any]) -> Iterator[None]:
    tracer = _tracer()
    if tracer is None:
        token = context.attach(parent)
        try:
            yield
        finally:
            context.detach(token)
        return
    from adapters.telemetry.spans import kind_of, span_of_call

    facts = facts_of(values) | ({STEP: name} if trigger == _ACTIVITY else {})
    with span_of_call(tracer, name, parent, facts, kind_of(trigger, _where_spans_go())):
        yield


def _handed_over(given: Any) -> context.Context:
    return _PROPAGATOR.extract({"traceparent": given.trace_parent or "", "tracestate": given.trace_state or ""})


def facts_of(values: Sequence[Any]) -> dict[str, str]:
    """Return whose order, and which workflow, a request or one of its parts is about; nothing for another's."""
    facts: dict[str, str] = {}
    for value in values:
        for part in (value, *value.values()) if isinstance(value, dict) else ():
            if isinstance(part, dict):
                _add(facts, ORDER_ID, part.get("order_id"))
                _add(facts, WORKFLOW, part.get("workflow"))
        route: Mapping[str, str] = getattr(value, "route_params", None) or {}
        _add(facts, ORDER_ID, route.get("order_id"))
    return facts


def _add(facts: dict[str, str], name: str, value: Any) -> None:
    # An id in an address is what a caller typed, which may be anything.
    if isinstance(value, str) and re.fullmatch(_ID, value) and not looks_like_card_number(value):
        facts.setdefault(name, value)


def flush() -> None:
    """Send the spans that were made and not yet sent, where they are sent anywhere."""
    if _tracer() is not None:
        _provider().force_flush()


@cache
def _where_spans_go() -> TracingSettings:
    try:
        return tracing_settings(os.environ)
    except InvalidSetting:
        return TracingSettings()  # named by every part of the app that needs the settings


@cache
def _provider() -> Any:
    from adapters.telemetry.spans import provider_for

    return provider_for(_where_spans_go())


@cache
def _tracer() -> Any:
    if not _where_spans_go().makes_spans:
        return None
    try:
        from adapters.telemetry.spans import trace_requests

        tracer = _provider().get_tracer("shop")
        trace_requests(tracer)
    except Exception as error:  # noqa: BLE001 - the SDK reads settings of its own, and refuses some; no order may fail for its spans
        _log.error("no spans are made: %s", type(error).__qualname__)
        return None
    return tracer
