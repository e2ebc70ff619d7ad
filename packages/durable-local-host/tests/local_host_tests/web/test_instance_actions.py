"""The actions that the page of an instance offers, and who may take them."""

from __future__ import annotations

import re

from local_host.engine.status import RuntimeStatus
from local_host.testing import AppHost
from local_host_tests.conformance.support import on_conformance_app

pytestmark = on_conformance_app
FORM = re.compile(r'<form method="post" action="/admin/instances/[^"/]*/(\w+)">')


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
