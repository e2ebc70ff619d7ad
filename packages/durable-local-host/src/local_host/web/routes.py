"""Which HTTP function answers a request.

A URL is `/` + route prefix + `/` + route. The method belongs to the route: a path that exists for other methods only is
not found. The more specific template wins.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import unquote

from local_host.app.function import Function
from local_host.engine.start_problems import InvalidFunction
from local_host.web.route_template import RouteTemplate, parse_template

_SLASH = re.compile("(%2f)", re.IGNORECASE)
_RESERVED = ("admin", "runtime")


@dataclass(frozen=True)
class Route:
    """A route of one function. methods: upper case; None means all."""

    template: RouteTemplate
    methods: frozenset[str] | None
    function: Function

    def serves(self, method: str) -> bool:
        """Return whether the route is for that method."""
        return self.methods is None or method in self.methods

    def overlaps(self, other: Route) -> bool:
        """Return whether a request could be for both."""
        return self.methods is None or other.methods is None or bool(self.methods & other.methods)


class RouteTable:
    """All HTTP routes of an app, the most specific first."""

    def __init__(self, functions: Iterable[Function], prefix: str) -> None:
        """Order the routes. Raises InvalidFunction for a bad template, a reserved route, or two functions on one route."""
        self._routes = sorted(
            (_route(function, prefix) for function in functions), key=lambda each: each.template.precedence
        )
        _check_conflicts(self._routes)

    def __iter__(self) -> Iterable[Route]:
        return iter(self._routes)

    def find(self, method: str, raw_path: str) -> tuple[Function, dict[str, str]] | None:
        """Return the function and its route values for a path as it came over the wire (still percent-encoded)."""
        segments = split_path(raw_path)
        for route in self._routes:
            if route.serves(method) and (values := route.template.match(segments)) is not None:
                return route.function, values
        return None


def without_dots(raw_path: str) -> str:
    """Return the path once `.` and `..` are resolved, as the real host's web server does before it looks for a route."""
    kept: list[str] = []
    for segment in raw_path.split("/"):
        if segment == "..":
            del kept[max(1, len(kept) - 1) :]
        elif segment != ".":
            kept.append(segment)
    return "/".join(kept) if len(kept) > 1 else "/"


def split_path(raw_path: str) -> Sequence[str]:
    """Return decoded segments; one trailing slash is tolerated. As in ASP.NET an encoded slash stays as it came."""
    path = raw_path.removeprefix("/").removesuffix("/")
    return [_decoded(segment) for segment in path.split("/")] if path else []


def _decoded(segment: str) -> str:
    return "".join(piece if _SLASH.fullmatch(piece) else unquote(piece) for piece in _SLASH.split(segment))


def route_text(function: Function) -> str:
    """Return the route as declared; an empty one means the function's name."""
    return str(function.trigger.fields.get("route") or function.name).strip("/") or function.name


def _route(function: Function, prefix: str) -> Route:
    text = route_text(function)
    if text.casefold().startswith(_RESERVED):
        raise InvalidFunction(
            function.name, f"its route '{text}' begins with 'admin' or 'runtime', which the host keeps for itself"
        )
    try:
        template = parse_template(f"{prefix}/{text}")
    except ValueError as error:
        raise InvalidFunction(function.name, str(error)) from None
    methods = function.trigger.fields.get("methods")
    return Route(template, frozenset(method.upper() for method in methods) if methods else None, function)


def _check_conflicts(routes: Sequence[Route]) -> None:
    seen: dict[tuple[str, tuple[int, ...]], list[Route]] = {}
    for route in routes:
        same = seen.setdefault((route.template.shape, route.template.precedence), [])
        if other := next((each for each in same if each.overlaps(route)), None):
            raise InvalidFunction(
                route.function.name,
                f"its route '{route.template.text}' is taken by the function '{other.function.name}' for the same methods",
            )
        same.append(route)
