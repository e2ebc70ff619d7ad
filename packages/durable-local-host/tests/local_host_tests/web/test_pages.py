"""The pages at `/` and of an instance: what they show, and that nothing on them is taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from local_host.app.index import AppIndex
from local_host.engine.history_events import EventType, event_raised, execution_started, make_event, task_completed
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import time_text
from local_host.engine.views import InstanceStatus
from local_host.testing import AppHost
from local_host.web.instance_list import PAGE_SIZE
from local_host.web.instance_page import render_instance
from local_host.web.spans import Spans
from local_host.web.status_page import MAX_RECENT, render_home
from local_host_tests.conformance.support import on_conformance_app
from local_host_tests.web.test_routes import function

pytestmark = on_conformance_app
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LINK = re.compile(r'href="(/admin/instances/[^"]*)"')
FORM = re.compile(r'<form method="post" action="/admin/instances/[^"/]*/(\w+)">')
HOSTILE = "\"'><script>x</script>"


def bars(page: str) -> list[tuple[str, float, float]]:
    """Every row of the picture: its text up to the colon, and where its bar begins and ends, in percent."""
    rows = re.findall(r"<bdi>([^:<]*)[^<]*</bdi></span><svg.*?x1=\"([\d.]+)%\" x2=\"([\d.]+)%\"", page)
    return [(text, float(left), float(right)) for text, left, right in rows]


async def instance_page(app_host: AppHost, instance_id: str) -> str:
    await app_host.run_until_idle()
    page = await app_host.http.get(f"/admin/instances/{instance_id}")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    return page.text


def status(**changes: str | None) -> InstanceStatus:
    at, asked = time_text(NOON), changes.get("input")
    names = {"name": HOSTILE, "instance_id": HOSTILE}
    begun = execution_started(at, **names, version="", input_text=asked, execution_id="", parent=None)
    history = [begun.fields, event_raised(at, HOSTILE, asked).fields]
    values = {"input": None, "output": None, "custom_status": None, **names, **changes}
    return InstanceStatus(
        **values, runtime_status=RuntimeStatus.RUNNING, created_at=NOON, last_updated_at=NOON, history=history
    )


async def test_the_home_page_shows_functions_and_counts_and_leads_to_the_latest_instances(app_host: AppHost) -> None:
    for number in range(MAX_RECENT + 1):
        await app_host.start("return_at_once", instance_id=f"i-{number:02}")
        await app_host.advance(seconds=1)
    await app_host.start("wait_for_event", instance_id="a b%2F<")
    await app_host.run_until_idle()
    page = await app_host.http.get("/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"{app_host.origin}/api/items/{{id:int?}}" in page.text
    assert re.findall(r'\?status=(\w+)">\1</a> (\d+)', page.text) == [
        ("Completed", str(MAX_RECENT + 1)),
        ("Running", "1"),
    ]
    links = LINK.findall(page.text)
    assert links == [
        "/admin/instances/a%20b%252F%3C",
        *(f"/admin/instances/i-{n:02}" for n in range(MAX_RECENT, 1, -1)),
    ]
    assert "a b%2F&lt;" in (await app_host.http.get(links[0])).text
    assert "//" not in page.text.replace(app_host.origin, "")


def test_nothing_on_the_home_page_is_taken_for_markup() -> None:
    index = AppIndex(Path("/tmp/<app>"), {"f": function("f<script>", "r<b>")}, {}, {})
    page = render_home(
        index, "Hub<i>", {"Running<u>": 1}, [status()], lambda each: f"http://x/{each.trigger.fields['route']}"
    )
    for text in ("<script>", "<b>", "<app>", "<i>", "<u>", "\"'>"):
        assert text not in page


def test_nothing_on_the_page_of_an_instance_is_taken_for_markup() -> None:
    page = render_instance(status(input=HOSTILE, output=HOSTILE, custom_status=HOSTILE))
    assert page.count("&lt;script&gt;x&lt;/script&gt;") >= 7
    assert "<script" not in page
    assert "\"'>" not in page


def test_long_values_and_histories_are_cut_and_say_so() -> None:
    long = status(output='"' + "x" * 30_000 + '"')
    begun, raised = long.history or ()
    page = render_instance(replace(long, history=[begun, *[raised] * 601]))
    assert "10,000 more characters" in page
    assert len(bars(page)) == 500
    assert "102 more: see the JSON" in page


async def test_an_instance_is_shown_with_its_values_and_a_bar_for_everything_that_took_time(app_host: AppHost) -> None:
    await app_host.start("timer_for", 90, instance_id="Timed")
    await app_host.advance(seconds=90)
    page = await instance_page(app_host, "Timed")
    assert '<span class="green">Completed</span>' in page
    assert '<pre tabindex="0">90</pre>' in page
    timer = "timer of 2026-01-01T00"
    assert bars(page) == [("timer_for started", 0, 0), (timer, 0, 100), ("ended as Completed", 100, 100)]


async def test_what_is_open_has_a_dotted_bar_beyond_what_is_known(app_host: AppHost) -> None:
    await app_host.start("timer_for", 90, instance_id="one")
    page = await instance_page(app_host, "one")
    assert bars(page)[-1] == ("timer set for 2026-01-01T00", 0, 100)
    assert page.count("stroke-dasharray") == 1


async def test_an_instance_that_does_not_exist_is_said_to_be_missing(app_host: AppHost) -> None:
    await app_host.start("return_at_once", instance_id="Case")
    await app_host.run_until_idle()
    for missing in ("case", "%3Cscript%3E"):
        page = await app_host.http.get(f"/admin/instances/{missing}")
        assert page.status == 404
        assert "There is no instance" in page.text
        assert "<script>" not in page.text


def test_a_long_result_of_a_step_can_be_read_to_its_end_and_a_longer_one_is_cut() -> None:
    def ended_with(result: str) -> str:
        at = time_text(NOON)
        scheduled = make_event(EventType.TASK_SCHEDULED, at, 0, Name="pay").fields
        history = [*(status().history or ()), scheduled, task_completed(at, 0, result).fields]
        return render_instance(replace(status(), history=history))

    reason = f"declined: {'x' * 400} for want of funds"
    assert reason in ended_with(reason)
    assert "x" * 500 not in ended_with("x" * 10_000)


async def found(app_host: AppHost, **query: str) -> list[str]:
    page = await app_host.http.get("/admin/instances", params=query)
    assert page.status == 200
    return [link.rpartition("/")[2] for link in LINK.findall(page.text)]


async def test_instances_are_found_by_a_part_of_their_id_by_name_and_by_status(app_host: AppHost) -> None:
    for name in ("return_at_once", "wait_for_event"):
        for number in range(2):
            await app_host.start(name, instance_id=f"{name[:4]}-{number}")
            await app_host.advance(seconds=1)
    await app_host.run_until_idle()

    assert await found(app_host) == ["wait-1", "wait-0", "retu-1", "retu-0"]
    assert await found(app_host, text="T-1") == ["wait-1"]
    assert await found(app_host, name="return_at_once") == ["retu-1", "retu-0"]
    assert await found(app_host, status="Running", text="0") == ["wait-0"]
    assert await found(app_host, text="%") == []
    assert await found(app_host, status="of no kind") == await found(app_host)
    nothing = await app_host.http.get("/admin/instances", params={"text": HOSTILE})
    assert "There is no such instance" in nothing.text
    assert "<script" not in nothing.text
    assert (await app_host.http.get("/admin/instances?text=%00")).status == 400


async def test_a_list_of_instances_goes_on_where_the_page_before_ended(app_host: AppHost) -> None:
    ids = [f"i-{number:03}" for number in range(PAGE_SIZE + 2)]
    for instance_id in ids:
        await app_host.start("return_at_once", instance_id=instance_id)
    await app_host.run_until_idle()

    first = (await app_host.http.get("/admin/instances?name=return_at_once")).text
    (older,) = re.findall(r'rel="next" href="([^"]*)"', first)
    second = (await app_host.http.get(unescape(older))).text

    assert [len(LINK.findall(page)) for page in (first, second)] == [PAGE_SIZE, 2]
    assert {link.rpartition("/")[2] for page in (first, second) for link in LINK.findall(page)} == set(ids)
    assert "name=return_at_once" in older
    assert 'rel="next"' not in second


async def test_a_list_that_is_read_again_keeps_what_it_looks_for(app_host: AppHost) -> None:
    page = (await app_host.http.get("/admin/instances?text=a&refresh=on")).text
    assert '<meta http-equiv="refresh" content="5">' in page
    assert 'href="/admin/instances?text=a">Stop that' in page
    assert "http-equiv" not in (await app_host.http.get("/admin/instances?text=a")).text


async def test_parents_and_children_lead_to_each_other(app_host: AppHost) -> None:
    parent = await app_host.start("parent", {"child": "now", "id": "younger"}, instance_id="elder")
    await app_host.run_until_idle()
    (child,) = LINK.findall((await app_host.http.get(f"/admin/instances/{parent}")).text)
    page = await app_host.http.get(child)
    assert "A child of" in page.text
    assert LINK.findall(page.text) == ["/admin/instances/elder"]


async def act(app_host: AppHost, instance_id: str, action: str, **fields: str) -> tuple[int, str]:
    """Send a form; return the status and where it leads."""
    path = f"/admin/instances/{instance_id}/{action}"
    answer = await app_host.http.post(path, data=fields)
    await app_host.run_until_idle()
    return answer.status, answer.headers.get("Location", "")


async def offered(app_host: AppHost, instance_id: str) -> list[str]:
    return FORM.findall((await app_host.http.get(f"/admin/instances/{instance_id}")).text)


async def test_a_waiting_instance_is_suspended_resumed_and_gets_an_event(app_host: AppHost) -> None:
    await app_host.start("wait_for_event", instance_id="w")
    await app_host.run_until_idle()
    back = (303, "/admin/instances/w")

    assert await offered(app_host, "w") == ["raise", "suspend", "terminate"]
    assert await act(app_host, "w", "suspend", reason="lunch") == back
    assert await offered(app_host, "w") == ["raise", "resume", "terminate"]
    assert (await act(app_host, "w", "suspend"))[0] == 409
    assert await act(app_host, "w", "resume") == back
    assert (await act(app_host, "w", "raise", event="E", data="no JSON"))[0] == 409
    assert await act(app_host, "w", "raise", event="E", data='"now"') == back
    assert (await app_host.status("w")).runtime_status == RuntimeStatus.COMPLETED
    assert await offered(app_host, "w") == ["restart", "purge"]


async def test_an_instance_is_terminated_restarted_and_purged(app_host: AppHost) -> None:
    await app_host.start("wait_for_event", instance_id="w")
    await app_host.run_until_idle()

    assert await act(app_host, "w", "terminate", reason="enough") == (303, "/admin/instances/w")
    assert (await app_host.status("w")).runtime_status == RuntimeStatus.TERMINATED
    assert (await act(app_host, "w", "rewind"))[0] == 409
    status, location = await act(app_host, "w", "restart")
    assert (status, location != "/admin/instances/w") == (303, True)
    assert (await app_host.http.get(location)).status == 200
    assert await act(app_host, "w", "purge") == (303, "/admin/instances")
    assert (await act(app_host, "w", "purge"))[0] == 404
    assert (await act(app_host, "w", "explode"))[0] == 404


async def test_a_page_of_another_origin_cannot_act(app_host: AppHost) -> None:
    await app_host.start("wait_for_event", instance_id="w")
    await app_host.run_until_idle()
    foreign = {"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "cross-site"}
    refused = await app_host.http.post("/admin/instances/w/terminate", data={"reason": "x"}, headers=foreign)
    as_json = await app_host.http.post("/admin/instances/w/terminate", json={"reason": "x"})
    assert (refused.status, as_json.status) == (403, 415)
    assert (await app_host.status("w")).runtime_status == RuntimeStatus.RUNNING


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
