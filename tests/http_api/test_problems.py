import logging

import azure.functions as func
import pytest

from domain.errors import StorageUnavailable
from http_api.problems import answers_problems, conflict, field_path
from tests.http_api.requests import decoded, get

SECRET = "sk_live_do_not_repeat"


def failing_with(error: Exception):
    @answers_problems
    async def handler(req: func.HttpRequest) -> func.HttpResponse:
        raise error

    return handler


async def test_an_unexpected_error_is_a_500_that_says_nothing():
    response = await failing_with(ValueError(SECRET))(req=get("orders/a"))
    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    assert decoded(response)["code"] == "internal_error"
    body = response.get_body().decode()
    assert SECRET not in body
    assert "ValueError" not in body
    assert "Traceback" not in body


async def test_an_unexpected_error_is_logged_by_type_and_place_but_not_by_text(caplog):
    caplog.set_level(logging.DEBUG)
    await failing_with(ValueError(SECRET))(req=get("orders/a"))
    assert "ValueError" in caplog.text
    assert "test_problems.py" in caplog.text
    assert SECRET not in caplog.text


async def test_unavailable_storage_asks_the_caller_to_come_again():
    response = await failing_with(StorageUnavailable(SECRET))(req=get("orders/a"))
    assert (response.status_code, decoded(response)["code"]) == (503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert SECRET not in response.get_body().decode()


async def test_a_known_problem_is_answered_as_it_is():
    response = await failing_with(conflict("too_late", "Past the point."))(req=get("orders/a"))
    assert response.status_code == 409
    assert decoded(response) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "code": "too_late",
        "detail": "Past the point.",
        "errors": [],
    }


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (("email",), "email"),
        (("lines", 0, "quantity"), "lines[0].quantity"),
        (("ship_to", "name"), "ship_to.name"),
        ((), "body"),
        (("4111111111111111",), "(hidden)"),
        (("x" * 500,), "x" * 64),
        (("\ud800",), "?"),
    ],
)
def test_a_field_is_named_as_a_path(location, path):
    assert field_path(location) == path
