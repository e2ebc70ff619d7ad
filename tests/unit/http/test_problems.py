import logging
from typing import Any

import azure.functions as func
import pytest
from pydantic import ValidationError

from domain.errors import StorageUnavailable
from domain.expenses.claim import ExpenseRequest
from domain.files.batch import FileBatchRequest
from domain.orders.order import OrderRequest
from domain.refusals import Invalid
from domain.wire import Wire
from domain.workflows.decision import ApprovalDecision
from services.input.field_errors import field_errors, field_path
from tests.support.order_requests import order_request
from tests.unit.http.requests import decoded, get
from triggers.http.support.problems import answer_problems, conflict

SECRET = "sk_live_do_not_repeat"


def failing_with(error: Exception):
    async def handler(req: func.HttpRequest) -> func.HttpResponse:
        raise error

    return answer_problems("handler", handler, {"req": get("orders/a")})


async def test_an_unexpected_error_is_a_500_that_says_nothing():
    response = await failing_with(ValueError(SECRET))
    assert response.status_code == 500
    assert response.mimetype == "application/problem+json"
    assert decoded(response)["code"] == "internal_error"
    body = response.get_body().decode()
    assert SECRET not in body
    assert "ValueError" not in body
    assert "Traceback" not in body


async def test_an_unexpected_error_is_logged_by_type_and_place_but_not_by_text(caplog):
    caplog.set_level(logging.DEBUG)
    await failing_with(ValueError(SECRET))
    assert "ValueError" in caplog.text
    assert "test_problems.py" in caplog.text
    assert SECRET not in caplog.text


async def test_unavailable_storage_asks_the_caller_to_come_again():
    response = await failing_with(StorageUnavailable(SECRET))
    assert (response.status_code, decoded(response)["code"]) == (503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0
    assert SECRET not in response.get_body().decode()


async def test_a_known_problem_is_answered_as_it_is():
    response = await failing_with(conflict("too_late", "Past the point."))
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


def said_of(model: type[Wire], document: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Each error of a body: field, rule, message."""
    with pytest.raises(ValidationError) as refused:
        model.model_validate(document)
    return [(error.field, error.rule, error.message) for error in field_errors(refused.value)]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"ship_to": "here"}, ("ship_to", "model_type", "Must be an object")),
        ({"lines": "many"}, ("lines", "list_type", "Must be a list")),
        ({"lines": []}, ("lines", "too_short", "Must have at least 1 item")),
        ({"lines": [{"product_id": "mug", "quantity": 1}] * 51}, ("lines", "too_long", "Must have at most 50 items")),
    ],
)
def test_an_error_has_a_message_for_callers(changes: dict[str, Any], error: tuple[str, str, str]):
    assert said_of(OrderRequest, order_request(**changes)) == [error]


def test_a_pattern_is_not_a_message():
    [(field, rule, message)] = said_of(FileBatchRequest, {"container": "../admin"})
    assert (field, rule) == ("container", "string_pattern_mismatch")
    assert "[" not in message
    assert "^" not in message


def claim(*items: Any) -> dict[str, Any]:
    return {"employee_id": "ada", "email": "ada@example.com", "items": items}


def test_a_list_with_a_wrong_item_is_not_called_too_short():
    wrong = {"category": "meals", "amount_cents": 0, "currency": "usd", "spent_on": "2026-03-01"}
    assert [error[:2] for error in said_of(ExpenseRequest, claim(wrong))] == [
        ("items[0].amount_cents", "greater_than_equal")
    ]
    assert said_of(ExpenseRequest, claim()) == [("items", "too_short", "Must have at least 1 item")]


def test_a_field_with_two_errors_is_named_once_in_the_detail():
    with pytest.raises(ValidationError) as refused:
        ApprovalDecision.model_validate({"decision": "maybe", "approver": ""})
    errors = field_errors(refused.value)
    assert Invalid([*errors, *errors]).detail == "Not acceptable: decision, approver."


@pytest.mark.parametrize(
    ("field", "value", "form"),
    [
        ("order_id", "../admin", "Must be 1 to 64 ASCII letters, digits, - and _, and begin with a letter or digit"),
        ("email", "unknown", "Must be an address such as ada@example.com"),
        ("order_id", 17, "Input should be a valid string"),
        ("email", "a" * 255, "String should have at most 254 characters"),
    ],
)
def test_the_form_that_a_text_must_have_is_said_in_words(field: str, value: Any, form: str):
    [(named, _, message)] = said_of(OrderRequest, order_request(**{field: value}))
    assert (named, message) == (field, form)
