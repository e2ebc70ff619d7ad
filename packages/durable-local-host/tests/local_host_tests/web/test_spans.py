"""The spans that an instance shows of its trace."""

from __future__ import annotations

from typing import Any

import pytest

from local_host.testing import AppHost
from local_host.web.spans import Spans
from local_host_tests.conformance.support import on_conformance_app
from local_host_tests.web.pages import HOSTILE, instance_page

pytestmark = on_conformance_app


def export_request(trace_id: str, name: str) -> dict[str, Any]:
    span = {
        "traceId": trace_id,
        "spanId": "b7ad6b7169203331",
        "name": name,
        "kind": 3,
        "startTimeUnixNano": "1000000000",
        "endTimeUnixNano": "1500000000",
        "attributes": [{"key": "http.request.method", "value": {"stringValue": "POST"}}],
        "status": {"code": 2},
    }
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


async def test_an_instance_shows_the_spans_of_its_trace(app_host: AppHost) -> None:
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {"traceparent": f"00-{trace_id}-b7ad6b7169203331-01"}
    start = await app_host.http.post(
        "/runtime/webhooks/durabletask/orchestrators/wait_for_event/traced", headers=headers, json=None
    )
    assert start.status == 202
    for trace, name in ((trace_id, f"{HOSTILE}\ud800"), ("0" * 32, "of another trace")):
        assert (await app_host.http.post("/admin/v1/traces", json=export_request(trace, name))).status == 200
    page = await instance_page(app_host, "traced")
    assert "<h2>Spans</h2>" in page
    assert "took 0.500 s, http.request.method POST" in page
    assert HOSTILE not in page
    assert "of another trace" not in page
    await app_host.http.post("/runtime/webhooks/durabletask/orchestrators/wait_for_event/other", json=None)
    assert "<h2>Spans</h2>" not in await instance_page(app_host, "other")


async def test_what_is_no_export_request_is_refused(app_host: AppHost) -> None:
    moment = export_request("0" * 32, "x")
    moment["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["startTimeUnixNano"] = "9" * 40
    bodies: list[Any] = [[], 7, {"resourceSpans": [7]}, {"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}, moment]
    for body in bodies:
        assert (await app_host.http.post("/admin/v1/traces", json=body)).status == 400
    assert (await app_host.http.post("/admin/v1/traces", data=b"x" * 9)).status in (400, 415)


def test_spans_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("local_host.web.spans._MAX_TRACES", 3)
    monkeypatch.setattr("local_host.web.spans._MAX_SPANS", 2)
    spans = Spans()
    for number in range(5):
        for _ in range(4):
            spans.take(export_request(f"{number:032x}", "x"))
    assert [len(spans.of(f"{number:032x}")) for number in range(5)] == [0, 0, 2, 2, 2]
