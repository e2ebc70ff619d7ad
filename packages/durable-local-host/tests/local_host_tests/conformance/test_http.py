"""Checks 4 to 13: requests and responses as the Functions host shapes them."""

from http.cookies import SimpleCookie

import pytest

from local_host.testing import AppHost, running_app
from local_host_tests.conformance.support import APP, on_conformance_app

pytestmark = on_conformance_app


@pytest.mark.check(4)
async def test_blocking_activities_run_side_by_side_while_http_stays_responsive(app_host: AppHost) -> None:
    # Each activity blocks its thread until all five are there; then all of them wait for this request to be served.
    instance = await app_host.start("meet_in_parallel")
    assert (await app_host.http.post("/api/release")).status == 200
    assert (await app_host.wait(instance)).output == [0, 1, 2, 3, 4]


@pytest.mark.check(5)
async def test_keys_are_not_asked_for(app_host: AppHost) -> None:
    answer = await app_host.http.get("/api/needs_a_key")
    assert (answer.status, answer.text) == (200, "let in")


@pytest.mark.check(6)
@pytest.mark.parametrize(
    ("path", "status", "values"),
    [
        ("/api/items", 200, {}),
        ("/api/items/", 200, {}),
        ("/api/items/7", 200, {"id": "7"}),
        ("/api/items/x", 404, None),
    ],
)
async def test_route_values_are_texts_and_a_failed_constraint_is_no_match(
    app_host: AppHost, path: str, status: int, values: object
) -> None:
    answer = await app_host.http.get(path)
    assert answer.status == status
    assert (answer.json() if status == 200 else answer.body) == (values if status == 200 else b"")


@pytest.mark.check(6)
async def test_the_route_prefix_can_be_taken_away() -> None:
    settings = {"AzureFunctionsJobHost__extensions__http__routePrefix": ""}
    async with running_app(APP, settings=settings) as app_host:
        assert (await app_host.http.get("/items/7")).json() == {"id": "7"}
        assert (await app_host.http.get("/api/items/7")).status == 404


@pytest.mark.check(6)
async def test_literal_text_beats_a_parameter_and_ignores_case(app_host: AppHost) -> None:
    assert (await app_host.http.get("/api/ORDERS/newest")).text == "the newest order"
    assert (await app_host.http.get("/api/orders/42")).text == "order 42"


@pytest.mark.check(7)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_another_method_than_the_routes_is_not_found(app_host: AppHost, method: str) -> None:
    answer = await app_host.http.request(method, "/api/post_only")
    assert (answer.status, answer.body) == (404, b"")


@pytest.mark.check(8)
async def test_query_parameters_are_joined_and_empty_ones_are_left_out(app_host: AppHost) -> None:
    seen = (await app_host.http.get("/api/describe?a=1&a=2&b=&C=x%20y")).json()
    assert seen["params"] == {"a": "1,2", "C": "x y"}
    assert seen["url"] == f"{app_host.origin}/api/describe?a=1&a=2&b=&C=x%20y"


@pytest.mark.check(8)
async def test_header_names_are_lower_case_and_the_body_arrives(app_host: AppHost) -> None:
    seen = (await app_host.http.post("/api/describe", data="héllo", headers={"X-Mine": "1"})).json()
    assert (seen["method"], seen["headers"]["x-mine"], seen["body"]) == ("POST", "1", "héllo")


@pytest.mark.check(8)
async def test_a_body_without_a_length_is_not_read(app_host: AppHost) -> None:
    async def chunks() -> object:
        yield b"chunked"

    assert (await app_host.http.post("/api/describe", data=chunks())).json()["body"] == ""


@pytest.mark.check(9)
@pytest.mark.parametrize("path", ["/api/raises", "/api/gives_a_dict"])
async def test_a_failing_function_answers_500_without_details(app_host: AppHost, path: str) -> None:
    answer = await app_host.http.get(path)
    assert (answer.status, answer.body) == (500, b"")


@pytest.mark.check(10)
async def test_a_text_is_plain_text_and_a_response_is_sent_as_it_is(app_host: AppHost) -> None:
    text = await app_host.http.post("/api/gives_text", data="plain")
    assert (text.status, text.headers["Content-Type"], text.text) == (200, "text/plain; charset=utf-8", "plain")
    rich = await app_host.http.get("/api/gives_json")
    assert (rich.status, rich.headers["Content-Type"], rich.body) == (201, "application/json", b'{"a":1}')


@pytest.mark.check(10)
async def test_custom_headers_of_host_json_are_added(app_host: AppHost) -> None:
    assert (await app_host.http.get("/api/items/7")).headers["X-Served-By"] == "conformance"


@pytest.mark.check(11)
@pytest.mark.parametrize(
    ("returned", "sent"),
    [
        ('{"a":1}', '{\n  "a": 1\n}'),
        ("[1]", "[\n  1\n]"),
        ("true", "True"),
        ('"x"', "x"),
        ("null", ""),
        ("12", "12"),
        ("{no json", "{no json"),
    ],
)
async def test_a_text_that_is_json_is_written_anew_by_the_host(app_host: AppHost, returned: str, sent: str) -> None:
    assert (await app_host.http.post("/api/gives_text", data=returned)).text == sent


@pytest.mark.check(11)
async def test_a_text_that_describes_a_response_becomes_that_response(app_host: AppHost) -> None:
    described = '{"statusCode": 418, "body": "short and stout", "headers": {"X-Kind": "pot"}}'
    answer = await app_host.http.post("/api/gives_text", data=described)
    assert (answer.status, answer.text, answer.headers["X-Kind"]) == (418, "short and stout", "pot")


@pytest.mark.check(12)
async def test_each_cookie_has_a_header_of_its_own(app_host: AppHost) -> None:
    cookies = (await app_host.http.get("/api/sets_cookies")).headers.getall("Set-Cookie")
    assert len(cookies) == 2
    first, second = SimpleCookie(cookies[0])["first"], SimpleCookie(cookies[1])["second"]
    assert (first.value, first["path"], first["httponly"]) == ("1", "/", True)
    assert (second.value, second["secure"]) == ("2", True)


@pytest.mark.check(13)
async def test_a_function_that_asks_for_its_context_gets_it(app_host: AppHost) -> None:
    seen = (await app_host.http.get("/api/show_context")).json()
    assert seen["function_name"] == "show_context"
    assert seen["invocation_id"] == seen["thread"] != ""
    assert seen["retry_count"] == 0
    assert seen["is_main_thread"] is False


async def test_a_body_is_handed_on_as_it_came_whatever_encoding_its_header_claims(app_host: AppHost) -> None:
    answer = await app_host.http.post("/api/gives_text", data="plain", headers={"Content-Encoding": "gzip"})
    assert (answer.status, answer.text) == (200, "plain")
