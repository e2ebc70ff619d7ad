import pytest

pytestmark = pytest.mark.app_host(app="tests/local_host/apps/patterns")


async def test_smoke(app_host):
    i = await app_host.start("chain", {"a": 1})
    done = await app_host.wait(i)
    assert done.output == ["a", "b", {"a": 1}]
    r = await app_host.http.post("/api/start/chain", json={"x": 2})
    assert r.status == 202
    done = await app_host.wait(r.json()["id"])
    assert done.runtime_status == "Completed"
    app_host.replace_activity("echo", lambda v: v * 2)
    assert (await app_host.wait(await app_host.start("chain"))).output == ["aa", "bb", None]
