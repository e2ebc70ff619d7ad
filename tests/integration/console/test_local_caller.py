"""The switch of a developer's own machine: who this browser calls as."""

import pytest

from local_host.testing import Answer
from tests.integration.console.pages import visit
from tests.support.shop import Shop, change_settings


async def choose(shop: Shop, **form: str) -> Answer:
    return await shop.host.http.request("POST", "/console/local-caller", data=form)


async def test_a_browser_calls_as_the_person_that_was_chosen(shop: Shop) -> None:
    shown = await visit(shop, "local-caller")
    assert (shown.status, "API caller" in shown.text) == (200, True)
    chosen = await choose(shop, name="Ada <ada@shop.example>", roles="auditor, approver")
    assert chosen.status == 303
    assert (await choose(shop, roles="king")).status == 422
    cookie = chosen.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    sent = {"Cookie": cookie.partition(";")[0]}
    page = await shop.host.http.request("GET", "/console/local-caller", headers=sent)
    assert "Ada &lt;ada@shop.example&gt;" in page.text
    refused = await shop.host.http.request("POST", "/api/recovery", json={}, headers=sent)
    assert (refused.status, refused.json()["code"]) == (403, "role_missing")
    assert (await shop.host.http.request("GET", "/api/audit", headers=sent)).status == 200


async def test_elsewhere_there_is_no_switch(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, IDENTITY="service_key")
    assert (await visit(shop, "local-caller")).status == 404
