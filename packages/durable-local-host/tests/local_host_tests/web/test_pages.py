"""The pages at `/` and of an instance: what they show, and that nothing on them is taken for markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from local_host.app.index import AppIndex
from local_host.engine.history_events import EventType, event_raised, execution_started, make_event, task_completed
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import time_text
from local_host.engine.views import InstanceStatus
from local_host.testing import AppHost
from local_host.web.instance_page import render_instance
from local_host.web.status_page import MAX_RECENT, render_home
from local_host_tests.conformance.support import on_conformance_app
from local_host_tests.web.pages import HOSTILE, LINK, instance_page
from local_host_tests.web.test_routes import function

pytestmark = on_conformance_app
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def bars(page: str) -> list[tuple[str, float, float]]:
    """Every row of the picture: its text up to the colon, and where its bar begins and ends, in percent."""
    rows = re.findall(r"<bdi>([^:<]*)[^<]*</bdi></span><svg.*?x1=\"([\d.]+)%\" x2=\"([\d.]+)%\"", page)
    return [(text, float(left), float(right)) for text, left, right in rows]


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


async def test_parents_and_children_lead_to_each_other(app_host: AppHost) -> None:
    parent = await app_host.start("parent", {"child": "now", "id": "younger"}, instance_id="elder")
    await app_host.run_until_idle()
    (child,) = LINK.findall((await app_host.http.get(f"/admin/instances/{parent}")).text)
    page = await app_host.http.get(child)
    assert "A child of" in page.text
    assert LINK.findall(page.text) == ["/admin/instances/elder"]
