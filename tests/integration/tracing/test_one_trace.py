"""One trace from the caller's request to the providers, with the order's id and nothing of the customer."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest
import requests
from opentelemetry import trace

from adapters.telemetry import outgoing
from adapters.web.webhooks import WebhookSender
from domain.cards import holds_card_number
from domain.workflows.steps import Outcome
from domain.workflows.trace import traceparent_of, with_trace
from domain.workflows.webhook import Webhook
from sandbox.testing import Sandbox
from services import tracing
from setting_values import InvalidSetting
from tests.integration.drills.watch import watching
from tests.support.collector import Collector, running_collector
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import ROOT, Shop, running_shop, use_settings
from tests.support.webhooks import SECRET, running_receiver
from tracing_settings import tracing_settings

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"
CUSTOMER = {
    "customer_id": "planted-customer",
    "email": "planted.person@example.com",
    "ship_to": {**ADDRESS, "name": "Planted Personname", "street1": "17 Planted Lane"},
}
CARD = "4242424242424242"
PLANTED = ("planted", "Planted", CARD, "4242 4242 4242 4242")


def forget() -> None:
    if tracing._provider.cache_info().currsize:
        tracing._provider().shutdown()
    tracing._tracer.cache_clear()
    tracing._provider.cache_clear()
    tracing._where_spans_go.cache_clear()
    outgoing._tracers.clear()


@pytest.mark.parametrize("name", ["OTEL_BSP_MAX_QUEUE_SIZE", "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT"])
def test_a_function_runs_without_spans_where_the_sdk_refuses_a_setting_of_its_own(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv(name, "-1")
    forget()
    given = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=PARENT, trace_state=""))
    try:
        assert (
            tracing.within_its_trace(lambda request: request["order_id"])({"order_id": "a-1"}, context=given) == "a-1"
        )
        assert "no spans are made: ValueError" in caplog.text
    finally:
        forget()


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch):
    with running_collector() as running:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", running.url)
        monkeypatch.setattr(requests.Session, "send", requests.Session.send)  # put back afterwards
        forget()
        yield running
        forget()


@pytest.fixture
async def traced_shop(
    collector: Collector, monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox
) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        yield shop


async def place(shop: Shop) -> None:
    body = order_request(order_id="a-1", **CUSTOMER)
    assert (await shop.post("orders", body, headers={"traceparent": PARENT})).status == 202
    await shop.host.run_until_idle()
    assert (await shop.get("orders/a-1")).json()["status"] == "completed"


async def test_one_trace_joins_the_request_the_activities_and_the_providers(
    traced_shop: Shop, collector: Collector
) -> None:
    await place(traced_shop)
    tracing.flush()
    ours = [span for span in collector.spans() if span["traceId"] == TRACE]
    names = {span["name"] for span in ours}
    assert {"place_order", "authorise_payment", "buy_label", "capture_payment"} <= names
    asked = [span for span in ours if span["name"].startswith("POST 127.0.0.1")]
    parents = {span["spanId"]: span["name"] for span in ours}
    assert {"authorise_payment", "buy_label", "place_order"} <= {parents.get(span["parentSpanId"]) for span in asked}
    assert {"inventory.reserve", "inventory.commit"} <= names
    activities = [
        span
        for span in ours
        if span["name"]
        in ("place_order", "authorise_payment", "buy_label", "capture_payment", "inventory.reserve", "inventory.commit")
    ]
    assert {span["attributes"].get("shop.order_id") for span in activities} == {"a-1"}
    page = await traced_shop.host.http.get("/admin/instances/a-1")
    assert f"in trace {TRACE}" in page.text, "the timeline names the trace"


async def test_the_page_of_an_instance_shows_the_spans_that_the_local_host_is_sent(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox
) -> None:
    monkeypatch.setattr(requests.Session, "send", requests.Session.send)  # put back afterwards
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"{shop.host.origin}/admin")
        forget()
        await place(shop)
        await asyncio.to_thread(tracing.flush)
        spans = (await shop.host.http.get("/admin/instances/a-1")).text.partition("<h2>Spans</h2>")[2]
        await asyncio.to_thread(forget)
    names = ("place_order", "buy_label", "inventory.reserve", "POST 127.0.0.1")
    assert [name for name in names if name not in spans] == []


async def test_nothing_of_a_customer_is_in_telemetry(traced_shop: Shop, collector: Collector) -> None:
    with watching(traced_shop.host.clock) as watch:
        traced_shop.sandbox.fault(operation="shipments.buy", kind="status", status=503, next=2)
        await traced_shop.post("orders", order_request(order_id="b-1", **{**CUSTOMER, "email": "planted@@"}))
        body = order_request(order_id="a-1", **CUSTOMER)
        assert (await traced_shop.post("orders", body)).status == 202
        for carded in (CARD, f"a-{CARD}"):
            assert (await traced_shop.get(f"orders/{carded}")).status >= 400
            assert (await traced_shop.post("orders", order_request(order_id=carded))).status == 422
        await traced_shop.host.advance(minutes=5)
        await traced_shop.get("orders", customer_id="planted-customer")
        assert (await traced_shop.get("orders/a-1")).json()["status"] == "completed"
    tracing.flush()
    emitted = watch.text() + "".join(collector.bodies)
    assert "a-1" in emitted
    assert [word for word in PLANTED if word in emitted] == []


async def test_an_exception_is_named_and_its_text_left_out(collector: Collector) -> None:
    def fail(request: dict[str, str]) -> None:
        raise ValueError("planted text")

    class Call:
        trace_context = type("Trace", (), {"trace_parent": PARENT, "trace_state": ""})

    with pytest.raises(ValueError, match="planted"):
        tracing.within_its_trace(fail)(context=Call, request={})
    tracing.flush()
    [span] = collector.spans()
    assert (span["traceId"], span["status"], span["attributes"]["error.type"]) == (TRACE, 2, "ValueError")
    assert "planted" not in "".join(collector.bodies)


def test_a_webhook_is_in_the_trace_and_its_address_is_not(collector: Collector) -> None:
    def send(request: dict[str, str]) -> Outcome:
        fields = {"webhook_id": "r-1.x", "run_id": "r-1", "type": "report.completed", "data": {}}
        sender = WebhookSender(SECRET, allow_loopback=True)
        return sender.send(Webhook.model_validate({**fields, **request})).outcome

    class Call:
        trace_context = type("Trace", (), {"trace_parent": PARENT, "trace_state": ""})

    with running_receiver() as receiver:
        url = f"{receiver.url}?planted=1"
        assert tracing.within_its_trace(send)(context=Call, request={"url": url}) is Outcome.DONE
    tracing.flush()
    spans = {span["name"]: span for span in collector.spans()}
    assert spans["POST webhook"]["traceId"] == TRACE
    assert spans["POST webhook"]["parentSpanId"] == spans["send"]["spanId"]
    assert 200 <= spans["POST webhook"]["attributes"]["http.response.status_code"] < 300
    assert "planted" not in "".join(collector.bodies)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318"),
        ("TRACED_PERCENT", "101"),
        ("TRACED_PERCENT", "ten"),
        ("INSIGHTS_SPANS", "yes"),
        ("INSIGHTS_SPANS", "true"),
    ],
)
def test_a_wrong_setting_is_named_and_stops_no_call(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("APPLICATIONINSIGHTS_CONNECTION_STRING", raising=False)
    monkeypatch.setenv(name, value)
    forget()
    with pytest.raises(InvalidSetting, match=name):
        tracing_settings(os.environ)

    def answer(request: dict[str, str]) -> str:
        return "done"

    assert tracing.within_its_trace(answer)(request={}) == "done"
    forget()


def test_a_batch_of_another_form_is_carried_out_all_the_same(collector: Collector) -> None:
    for answer in ("{}", '{"results": [{}]}', '{"results": [{"startTime": "x", "duration": 1, "isError": false}]}'):

        def entity(context: str, answer: str = answer) -> str:
            return answer

        request = json.dumps(with_trace({"order_id": "a-1"}, PARENT))
        asked = json.dumps({"batch": [{"name": "reserve", "input": request}]})
        assert tracing.with_its_operations(entity, "inventory")(asked) == answer
    tracing.flush()
    assert collector.spans() == []


def test_a_trace_in_a_request_looks_like_no_card_number() -> None:
    hostile = f"00-{'4242424242424242' * 2}-{'4' * 16}-01"
    request = with_trace({}, hostile)
    assert traceparent_of(request) == hostile
    assert not holds_card_number(request)
    assert with_trace({}, "planted") == with_trace({}, None) == {}
    for odd in (None, "x", {"trace": 7}, {"trace": "planted"}):
        assert traceparent_of(odd) is None


def test_without_a_collector_the_trace_is_joined_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    forget()

    def seen(request: dict[str, str]) -> str:
        return f"{trace.get_current_span().get_span_context().trace_id:032x}"

    class Call:
        trace_context = type("Trace", (), {"trace_parent": PARENT, "trace_state": ""})

    assert tracing.within_its_trace(seen)(context=Call, request={}) == TRACE
    assert not trace.get_current_span().get_span_context().is_valid


def test_what_makes_spans_is_loaded_only_where_they_are_sent() -> None:
    spans = "('opentelemetry.sdk', 'adapters.telemetry')"
    code = f"import blueprints, services.tracing, sys; print([m for m in sys.modules if m.startswith({spans})])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
