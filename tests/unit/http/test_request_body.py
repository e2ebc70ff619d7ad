import pytest

from domain.orders.order import OrderRequest
from services.input.documents import MAX_BODY_BYTES
from tests.support.order_requests import ADDRESS, order_request
from tests.unit.http.requests import post, problem_with
from triggers.http.support.problems import Problem
from triggers.http.support.request_body import read_body


def refusal(body, headers=None) -> Problem:
    return problem_with(lambda: read_body(post("orders", body, headers=headers), OrderRequest))


def test_a_good_body_becomes_the_model():
    request = read_body(post("orders", order_request()), OrderRequest)
    assert request.wanted_lines()[0].quantity == 2


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", 'Application/JSON;charset="UTF8"'])
def test_json_may_name_its_charset_and_be_spelled_in_any_case(media_type):
    read_body(post("orders", order_request(), headers={"Content-Type": media_type}), OrderRequest)


@pytest.mark.parametrize("media_type", ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_media_type_is_a_415(media_type):
    assert refusal(order_request(), {"Content-Type": media_type}).status == 415


@pytest.mark.parametrize("charset", ["latin-1", '"utf-16"', "no-such"])
def test_json_in_another_charset_is_a_415_that_asks_for_utf_8(charset):
    problem = refusal(order_request(), {"Content-Type": f"application/json; charset={charset}"})
    assert (problem.status, problem.errors[0].field) == (415, "Content-Type")
    assert "UTF-8" in problem.detail


def test_a_large_body_is_a_413_before_it_is_read():
    assert refusal(b"x" * (MAX_BODY_BYTES + 1)).status == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b'"text"',
        b"null",
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"[" * 60_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
def test_what_is_not_one_plain_json_object_is_a_400(body):
    problem = refusal(body)
    assert (problem.status, problem.code) == (400, "not_json")


def test_a_text_in_another_encoding_is_a_400_of_its_own():
    problem = refusal('{"name": "José"}'.encode("latin-1"))
    assert (problem.status, problem.code, problem.errors[0].rule) == (400, "not_utf8", "not_utf8")


def test_a_key_that_stands_twice_is_a_400_naming_it():
    problem = refusal(b'{"payment": {"amount_cents": 1, "amount_cents": 2}}')
    assert problem.status == 400
    assert [(error.field, error.rule) for error in problem.errors] == [("amount_cents", "duplicate_key")]


CARD = "4242 4242 4242 4242"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (order_request(email=CARD), "email"),
        (order_request(ship_to={**ADDRESS, "street2": f"card {CARD}"}), "ship_to.street2"),
        (order_request(payment={"payment_method": "4242424242424242"}), "payment.payment_method"),
        (order_request(lines=[{"product_id": "mug", "quantity": 4242424242424242}]), "lines[0].quantity"),
        (order_request(note={"deep": [{"card": "4242-4242-4242-4242"}]}), "note.deep[0].card"),
        (order_request(**{"4242424242424242": "x"}), "body"),
    ],
)
def test_a_card_number_anywhere_is_refused_and_never_repeated(body, field, caplog):
    problem = refusal(body)
    assert problem.status == 422
    assert [(error.field, error.rule) for error in problem.errors] == [(field, "card_number")]
    said = problem.response().get_body().decode() + caplog.text
    assert "4242" not in said


def test_every_field_that_breaks_a_rule_is_named():
    problem = refusal(order_request(customer_id=None, lines=[{"product_id": "mug", "quantity": 0}], colour="red"))
    assert {(error.field, error.rule) for error in problem.errors} == {
        ("customer_id", "missing"),
        ("lines[0].quantity", "greater_than_equal"),
        ("colour", "extra_forbidden"),
    }


def test_a_rejected_value_is_not_repeated():
    problem = refusal(order_request(payment={"payment_method": "not-a-token-but-private"}))
    assert "private" not in problem.response().get_body().decode()


@pytest.mark.parametrize("quantity", [True, 1.5, "2", None, [1]])
def test_a_quantity_is_a_whole_number_and_nothing_like_one(quantity):
    problem = refusal(order_request(lines=[{"product_id": "mug", "quantity": quantity}]))
    assert [error.field for error in problem.errors] == ["lines[0].quantity"]


@pytest.mark.parametrize("body", [order_request(email="\ud800@example.com"), order_request(**{"\ud800": 1})])
def test_half_a_character_is_refused_and_can_be_answered(body):
    assert refusal(body).response().status_code == 422


@pytest.mark.parametrize(
    "media_type", ["application/json\udce9", "application/json; charset=\udce9", "application/json; charset=\u00e9"]
)
def test_a_media_type_that_is_not_ascii_is_a_415(media_type):
    assert refusal(order_request(), {"Content-Type": media_type}).status == 415
