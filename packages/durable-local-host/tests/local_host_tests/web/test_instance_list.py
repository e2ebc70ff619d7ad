"""The list of instances: what it finds, and where its pages go on."""

from __future__ import annotations

import re
from html import unescape

from local_host.testing import AppHost
from local_host.web.instance_list import PAGE_SIZE
from local_host_tests.conformance.support import on_conformance_app
from local_host_tests.web.pages import HOSTILE, LINK

pytestmark = on_conformance_app


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
