"""Routes as ASP.NET reads them: a table of templates, paths and what comes of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from local_host.app.function import Binding, Function
from local_host.engine.start_problems import InvalidFunction
from local_host.web.route_template import parse_template
from local_host.web.routes import RouteTable, split_path

MATCHES: list[tuple[str, str, Mapping[str, str] | None]] = [
    ("items", "/items", {}),
    ("items", "/ITEMS/", {}),
    ("items", "/items/7", None),
    ("items/{id}", "/items/7", {"id": "7"}),
    ("items/{id}", "/items/a%20b", {"id": "a b"}),
    ("items/{id}", "/items", None),
    ("items/{id?}", "/items", {}),
    ("items/{id=5}", "/items", {"id": "5"}),
    ("items/{id=5}", "/items/6", {"id": "6"}),
    ("{*rest}", "/", {}),
    ("files/{*rest}", "/files/a/b.txt", {"rest": "a/b.txt"}),
    ("files/{*rest:minlength(3)}", "/files/ab", None),
    ("{a}/{b}", "/1/2", {"a": "1", "b": "2"}),
    ("v{version:int}/items", "/v2/items", {"version": "2"}),
    ("v{version:int}/items", "/vx/items", None),
    ("{name}.{ext?}", "/report.pdf", {"name": "report", "ext": "pdf"}),
    ("{name}.{ext?}", "/report", {"name": "report"}),
    ("{a}-{b}", "/1-2-3", {"a": "1-2", "b": "3"}),
    ("{n:int}", "/2147483648", None),
    ("{n:long}", "/2147483648", {"n": "2147483648"}),
    ("{n:int:min(3)}", "/2", None),
    ("{n:range(1,5)}", "/5", {"n": "5"}),
    ("{n:max(5)}", "/6", None),
    ("{b:bool}", "/TRUE", {"b": "TRUE"}),
    ("{b:bool}", "/yes", None),
    ("{d:datetime}", "/2026-01-31", {"d": "2026-01-31"}),
    ("{d:datetime}", "/31.31.2026", None),
    ("{d:decimal}", "/1.50", {"d": "1.50"}),
    ("{d:decimal}", "/1e5", None),
    ("{d:double}", "/1e5", {"d": "1e5"}),
    ("{g:guid}", "/0f8fad5b-d9cb-469f-a165-70867728950e", {"g": "0f8fad5b-d9cb-469f-a165-70867728950e"}),
    ("{g:guid}", "/0f8fad5b", None),
    ("{s:alpha}", "/abc", {"s": "abc"}),
    ("{s:alpha}", "/a1", None),
    ("{s:length(3)}", "/abc", {"s": "abc"}),
    ("{s:length(1,2)}", "/abc", None),
    ("{s:maxlength(2)}", "/abc", None),
    (r"{ssn:regex(^\d{{3}}-\d{{2}}$)}", "/123-45", {"ssn": "123-45"}),
    (r"{ssn:regex(^\d{{3}}-\d{{2}}$)}", "/12-345", None),
    ("{s:required}", "/x", {"s": "x"}),
]

REFUSED = ["a//b", "{a}/{A}", "{*rest}/b", "{a", "a}", "{a:nosuch}", "{}", "{a:range(1)}x{b:int(3)}"]


@pytest.mark.parametrize(("template", "path", "values"), MATCHES)
def test_a_path_matches_its_template_with_these_values(template: str, path: str, values: object) -> None:
    assert parse_template(template).match(split_path(path)) == values


@pytest.mark.parametrize("template", REFUSED)
def test_a_template_that_asp_net_refuses_is_refused(template: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        parse_template(template)


@pytest.mark.parametrize(
    ("path", "winner"),
    [("/api/a/b", "literal"), ("/api/a/7", "constrained"), ("/api/a/x", "plain"), ("/api/a/x/y", "catch_all")],
)
def test_the_most_specific_route_wins_whatever_the_order(path: str, winner: str) -> None:
    routes = {"catch_all": "a/{*rest}", "plain": "a/{x}", "constrained": "a/{n:int}", "literal": "a/b"}
    for functions in (list(routes), list(reversed(routes))):
        found = RouteTable([function(name, routes[name]) for name in functions], "api").find("GET", path)
        assert found is not None
        assert found[0].name == winner


def test_two_functions_share_a_path_by_their_methods() -> None:
    table = RouteTable([function("read", "items", ["GET"]), function("write", "items", ["POST", "PUT"])], "api")
    assert [table.find(method, "/api/items")[0].name for method in ("GET", "POST")] == ["read", "write"]
    assert table.find("DELETE", "/api/items") is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("items", ["GET"]), ("ITEMS", ["GET", "POST"])),
        (("i/{a}", None), ("i/{b}", ["GET"])),
        (("i", None), ("i/", None)),
    ],
)
def test_two_functions_on_one_route_are_a_conflict(first: tuple[str, object], second: tuple[str, object]) -> None:
    with pytest.raises(InvalidFunction, match="is taken by the function"):
        RouteTable([function("first", *first), function("second", *second)], "api")


@pytest.mark.parametrize("route", ["admin/x", "runtime", "Admin"])
def test_the_hosts_own_routes_are_reserved(route: str) -> None:
    with pytest.raises(InvalidFunction, match="keeps for itself"):
        RouteTable([function("f", route)], "api")


def test_without_a_route_the_name_of_the_function_is_the_route() -> None:
    assert RouteTable([function("hello", "")], "").find("GET", "/hello") is not None


def function(name: str, route: str, methods: object = None) -> Function:
    fields = {"route": route} | ({"methods": methods} if methods else {})
    return Function(
        name=name,
        call=lambda req: None,
        trigger=Binding("httpTrigger", False, "req", fields),
        inputs=(),
        outputs=(),
        is_async=False,
        wants_context=False,
        plain_parameters={},
        retry=None,
    )
