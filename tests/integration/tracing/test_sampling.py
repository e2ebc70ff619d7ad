"""Spans of a share of the orders: each order is there whole or not at all, and whatever failed is there."""

import random
from collections import Counter
from collections.abc import AsyncIterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from adapters.telemetry import whole_traces
from adapters.telemetry.spans import provider_to
from adapters.telemetry.whole_traces import KEEP
from sandbox.testing import Sandbox
from services import tracing
from tests.integration.tracing.test_one_trace import collector, forget
from tests.support.collector import Collector
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings
from tracing_settings import TracingSettings

__all__ = ["collector"]

PERCENT = 30
STEPS = ("place_order", "reserve", "authorise", "capture", "record")


def trace_ids(number: int) -> list[str]:
    drawn = random.Random(7)
    return [f"{drawn.getrandbits(128):032x}" for _ in range(number)]


def is_in_share(trace_id: str) -> bool:
    return whole_traces.is_in_share(int(trace_id, 16), PERCENT)


def process() -> tuple[TracerProvider, InMemorySpanExporter]:
    sent = InMemorySpanExporter()
    return provider_to([SimpleSpanProcessor(sent)], TracingSettings(percent=PERCENT)), sent


def test_of_many_orders_each_is_whole_or_absent_and_all_failures_are_there() -> None:
    provider, sent = process()
    tracer = provider.get_tracer("test")
    orders = trace_ids(600)
    failed = dict(zip(orders[::20], STEPS * 6, strict=True))
    for step in STEPS:  # side by side, as orders are
        for order in orders:
            parent = TraceContextTextMapPropagator().extract({"traceparent": f"00-{order}-00f067aa0ba902b7-01"})
            with tracer.start_as_current_span(step, parent) as span, tracer.start_as_current_span("POST"):
                if failed.get(order) == step:
                    span.set_status(StatusCode.ERROR)
    counts = Counter(f"{span.context.trace_id:032x}" for span in sent.get_finished_spans())
    assert set(counts.values()) == {2 * len(STEPS)}, "each is whole"
    assert set(counts) == {each for each in orders if is_in_share(each)} | set(failed)
    assert 0.25 < sum(map(is_in_share, orders)) / len(orders) < 0.35


def test_an_order_that_is_marked_is_kept_without_an_error() -> None:
    provider, sent = process()
    left = next(each for each in trace_ids(50) if not is_in_share(each))
    parent = TraceContextTextMapPropagator().extract({"traceparent": f"00-{left}-00f067aa0ba902b7-01"})
    with provider.get_tracer("test").start_as_current_span("first", parent) as first:
        pass
    assert sent.get_finished_spans() == ()
    with provider.get_tracer("test").start_as_current_span("end", set_span_in_context(first)) as end:
        end.set_attribute(KEEP, True)
    assert [span.name for span in sent.get_finished_spans()] == ["first", "end"]


def test_what_is_held_back_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.telemetry.whole_traces._MAX_HELD_SPANS", 10)
    provider, sent = process()
    tracer = provider.get_tracer("test")
    left = [each for each in trace_ids(200) if not is_in_share(each)][:30]
    for status in (StatusCode.OK, StatusCode.ERROR):
        for each in left:
            parent = TraceContextTextMapPropagator().extract({"traceparent": f"00-{each}-00f067aa0ba902b7-01"})
            with tracer.start_as_current_span(status.name, parent) as span:
                span.set_status(status)
    names = Counter(span.name for span in sent.get_finished_spans())
    assert names == {"OK": 10, "ERROR": 30}, "the newest are still there, and every failure is"


@pytest.fixture
async def sampled_shop(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox
) -> AsyncIterator[Shop]:
    monkeypatch.setenv("TRACED_PERCENT", str(PERCENT))
    forget()
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        yield shop


async def test_orders_of_the_app_are_whole_or_absent(sampled_shop: Shop, collector: Collector) -> None:
    known = trace_ids(50)
    kept = next(each for each in known if is_in_share(each))
    left, failing = [each for each in known if not is_in_share(each)][:2]

    async def place(order_id: str, trace_id: str) -> None:
        headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
        assert (await sampled_shop.post("orders", order_request(order_id=order_id), headers=headers)).status == 202
        await sampled_shop.host.advance(minutes=5)
        assert (await sampled_shop.get(f"orders/{order_id}")).json()["status"] == "completed"

    await place("kept", kept)
    await place("left", left)
    sampled_shop.sandbox.fault(operation="shipments.buy", kind="status", status=503, next=1)
    await place("failing", failing)
    tracing.flush()
    spans = [span for span in collector.spans() if span["traceId"] in known]
    of = {each: Counter(span["name"] for span in spans if span["traceId"] == each) for each in (kept, left, failing)}
    assert of[left] == Counter()
    assert {"place_order", "inventory.reserve", "authorise_payment", "buy_label", "inventory.commit"} <= set(of[kept])
    calls = {name for name in of[kept] if " " not in name}
    assert calls <= set(of[failing]), "all of an order in which something failed"
