"""A browser without a caller: led to the sign-in where there is one, and refused in words elsewhere."""

import base64
import json

import pytest

from tests.integration.console.test_order_page import has_text
from tests.support.shop import Shop, change_settings

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ENTRA = {
    "IDENTITY": "entra",
    "ENTRA_TENANT_ID": "11111111-aaaa",
    "ENTRA_AUDIENCES": "api://orders",
    "WEBSITE_AUTH_ENABLED": "True",
}
SIGN_IN = "/.auth/login/aad?post_login_redirect_uri=%2Fconsole%2F"


def principal(role: str, **claims: str) -> dict[str, str]:
    held = {"preferred_username": "ada@shop.example", "tid": "11111111-aaaa", "aud": "api://orders", "roles": role}
    pairs = [{"typ": name, "val": value} for name, value in {**held, **claims}.items()]
    content = json.dumps({"auth_typ": "aad", "role_typ": "roles", "claims": pairs})
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(content.encode()).decode()}


async def test_a_browser_without_a_session_is_led_to_the_sign_in_and_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_settings(monkeypatch, **ENTRA)
    ask = shop.host.http.request
    for path, back in (("", ""), ("orders/o-1", "orders%2Fo-1"), ("orders?q=ada%40shop.example", "orders")):
        led = await ask("GET", f"/console/{path}", headers=BROWSER)
        assert (led.status, led.headers["Location"]) == (302, f"{SIGN_IN}{back}"), path
        assert led.headers["Cache-Control"] == "no-store"
    led = await ask("GET", "/console/sign-in", headers=BROWSER)
    assert (led.status, led.headers["Location"]) == (302, SIGN_IN)
    signed_in = await ask("GET", "/console/orders", headers={**BROWSER, **principal("operator")})
    assert (signed_in.status, has_text(signed_in, "ada@shop.example (operator)")) == (200, True)


async def test_whom_a_sign_in_would_not_help_is_not_sent_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(monkeypatch, **ENTRA)
    ask = shop.host.http.request
    guest = await ask("GET", "/console/orders", headers={**BROWSER, **principal("operator", acct="1")})
    assert (guest.status, has_text(guest, "Guests of the tenant are not admitted.")) == (401, True)
    storefront = await ask("GET", "/console/", headers={**BROWSER, **principal("storefront")})
    assert (storefront.status, has_text(storefront, "Not yours to do", "This needs the role")) == (403, True)
    assert "<nav" not in storefront.text
    refresh = {**BROWSER, "HX-Request": "true"}
    for method, headers in (("GET", {"Accept": "application/json"}), ("GET", refresh), ("POST", BROWSER)):
        assert (await ask(method, "/console/orders", headers=headers)).status == 401
    assert (await ask("GET", "/api/orders", headers=BROWSER)).status == 401


async def test_without_a_sign_in_the_page_says_what_is_missing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    local = await shop.host.http.request("GET", "/console/sign-in", headers=BROWSER)
    assert (local.status, local.headers["Location"]) == (302, "/console/local-caller")
    change_settings(monkeypatch, IDENTITY="service_key")
    led = await shop.host.http.request("GET", "/console/sign-in", headers=BROWSER)
    assert (led.status, led.headers["Location"]) == (302, "/console/")
    refused = await shop.host.http.request("GET", "/console/", headers=BROWSER)
    assert (refused.status, has_text(refused, "This needs the role")) == (403, True)
