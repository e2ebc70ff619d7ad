"""What tools ask under `/admin`."""

from __future__ import annotations

from local_host.testing import AppHost
from local_host_tests.conformance.support import on_conformance_app

pytestmark = on_conformance_app


async def test_tools_find_the_state_and_the_functions(app_host: AppHost) -> None:
    assert (await app_host.http.get("/admin/host/status")).json()["state"] == "Running"
    functions = {each["name"]: each for each in (await app_host.http.get("/admin/functions")).json()}
    assert functions["post_only"]["invoke_url_template"] == f"{app_host.origin}/api/post_only"
    assert functions["two_steps"]["invoke_url_template"] is None
    described = (await app_host.http.get("/admin/functions/items")).json()
    assert described["config"]["bindings"][0]["type"] == "httpTrigger"
    assert (await app_host.http.get("/admin/functions/missing")).status == 404


async def test_a_timer_function_is_run_by_hand(app_host: AppHost) -> None:
    assert (await app_host.http.post("/admin/functions/nightly", json={"input": ""})).status == 202
    assert (await app_host.http.post("/admin/functions/two_steps", json={})).status == 400
    assert (await app_host.http.post("/admin/functions/nightly", data="{bad")).status == 400
    assert (await app_host.http.post("/admin/functions/missing", json={})).status == 404
