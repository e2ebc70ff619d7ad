"""Browsers of other origins, when local.settings.json lets them in."""

from __future__ import annotations

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from local_host.web.cors import Cors

SHOP = "http://shop.example"


def request(method: str, **headers: str) -> web.BaseRequest:
    return make_mocked_request(
        method, "/api/x", headers={name.replace("_", "-"): value for name, value in headers.items()}
    )


@pytest.mark.parametrize(
    ("origins", "allowed"), [((), None), (("*",), SHOP), ((SHOP,), SHOP), (("http://other",), None)]
)
def test_an_answer_is_for_the_origins_that_are_named(origins: tuple[str, ...], allowed: str | None) -> None:
    response = web.Response()
    Cors(origins).allow(request("GET", Origin=SHOP), response)
    assert response.headers.get("Access-Control-Allow-Origin") == allowed


def test_credentials_are_allowed_only_when_the_settings_say_so() -> None:
    for credentials, header in ((True, "true"), (False, None)):
        response = web.Response()
        Cors(("*",), credentials).allow(request("GET", Origin=SHOP), response)
        assert response.headers.get("Access-Control-Allow-Credentials") == header


def test_the_question_before_a_request_is_answered_for_the_app() -> None:
    asked = request(
        "OPTIONS", Origin=SHOP, Access_Control_Request_Method="PUT", Access_Control_Request_Headers="X-Mine"
    )
    answer = Cors((SHOP,)).preflight(asked)
    assert answer is not None
    assert (answer.status, answer.headers["Access-Control-Allow-Methods"]) == (204, "PUT")
    assert answer.headers["Access-Control-Allow-Headers"] == "X-Mine"


def test_without_cors_the_app_gets_to_see_options_itself() -> None:
    assert Cors().preflight(request("OPTIONS", Origin=SHOP, Access_Control_Request_Method="PUT")) is None
    assert Cors(("*",)).preflight(request("OPTIONS", Origin=SHOP)) is None
