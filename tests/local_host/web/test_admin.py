"""The page at `/` and what tools ask under `/admin`."""

from __future__ import annotations

from pathlib import Path

from local_host.app.index import AppIndex
from local_host.testing import AppHost
from local_host.web.status_page import render_page
from tests.local_host.conformance.support import on_conformance_app
from tests.local_host.web.test_routes import function

pytestmark = on_conformance_app


async def test_the_page_shows_functions_with_their_urls_and_instances_by_status(app_host: AppHost) -> None:
    await app_host.start("return_at_once")
    await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    page = await app_host.http.get("/")
    assert (page.status, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f"{app_host.origin}/api/items/{{id:int?}}" in page.text
    for status in ("Completed", "Running"):
        assert f'runtimeStatus={status}">{status}</a></td><td>1</td>' in page.text
    assert "//" not in page.text.replace(app_host.origin, "")


def test_nothing_on_the_page_is_taken_for_markup() -> None:
    named = function("f<script>", "r<b>")
    index = AppIndex(Path("/tmp/<app>"), {"f": named}, {}, {})
    page = render_page(index, "Hub<i>", {"Running<u>": 1}, lambda each: f"http://x/{each.trigger.fields['route']}")
    for text in ("<script>", "<b>", "<app>", "<i>", "<u>"):
        assert text not in page


async def test_tools_find_the_state_and_the_functions(app_host: AppHost) -> None:
    assert (await app_host.http.get("/admin/host/status")).json()["state"] == "Running"
    functions = {each["name"]: each for each in (await app_host.http.get("/admin/functions")).json()}
    assert functions["post_only"]["invoke_url_template"] == f"{app_host.origin}/api/post_only"
    assert functions["two_steps"]["invoke_url_template"] is None
    described = (await app_host.http.get("/admin/functions/items")).json()
    assert described["config"]["bindings"][0]["type"] == "httpTrigger"
    assert (await app_host.http.get("/admin/functions/nobody")).status == 404


async def test_a_timer_function_is_run_by_hand(app_host: AppHost) -> None:
    assert (await app_host.http.post("/admin/functions/nightly", json={"input": ""})).status == 202
    assert (await app_host.http.post("/admin/functions/two_steps", json={})).status == 400
    assert (await app_host.http.post("/admin/functions/nightly", data="{bad")).status == 400
    assert (await app_host.http.post("/admin/functions/nobody", json={})).status == 404
