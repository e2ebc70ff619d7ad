import azure.functions as func
import pytest

from tests.unit.http.requests import get, post, problem_with
from triggers.http.orders import OrderQuery
from triggers.http.support.request_params import idempotency_key, path_id, read_query


def test_an_id_of_the_right_form_is_taken_as_it_is():
    assert path_id(get("orders/a-1", order_id="a-1"), "order_id") == "a-1"


@pytest.mark.parametrize("order_id", ["a.b", "a b", "a\n", "-a", "a" * 65, "ä"])
def test_an_id_that_no_order_can_have_is_a_404(order_id):
    problem = problem_with(lambda: path_id(get("orders/x", order_id=order_id), "order_id"))
    assert (problem.status, problem.code) == (404, "order_not_found")


def test_a_card_number_in_the_path_is_refused():
    problem = problem_with(lambda: path_id(get("orders/x", order_id="4242424242424242"), "order_id"))
    assert problem.status == 422
    assert problem.errors[0].field == "order_id"


def test_the_platforms_own_parameters_are_not_taken_for_ours():
    query = read_query(get("orders", params={"code": "function-key", "clientId": "x", "limit": "7"}), OrderQuery)
    assert query == OrderQuery(limit=7)


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"limit": "0"}, "limit"),
        ({"limit": "many"}, "limit"),
        ({"status": "lost"}, "status"),
        ({"placed_from": "yesterday"}, "placed_from"),
        ({"placed_to": "2026-01-01T00:00:00"}, "placed_to"),
        ({"colour": "red"}, "colour"),
        ({"customer_id": "4242424242424242"}, "customer_id"),
    ],
)
def test_a_wrong_filter_is_named(params, field):
    problem = problem_with(lambda: read_query(get("orders", params=params), OrderQuery))
    assert problem.status == 422
    assert [error.field for error in problem.errors] == [field]


def with_key(key: str) -> func.HttpRequest:
    return post("orders", {}, headers={"idempotency-key": key})


def test_an_idempotency_key_is_read_whatever_the_spelling_of_its_header():
    assert idempotency_key(with_key("checkout-17")) == "checkout-17"


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "ä", "4242424242424242"])
def test_a_key_of_another_form_is_refused(key):
    problem = problem_with(lambda: idempotency_key(with_key(key)))
    assert problem.errors[0].field == "Idempotency-Key"
