"""One ASP.NET route template, parsed: `orders/{id:guid}/lines/{line:int?}`, `files/{*path}`, `{name}.{ext?}`.

`parse_template` gives segments; `RouteTemplate.match` gives the route values of a path or None. Literal text ignores
case; constraints are checked on the decoded values.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from local_host.web.route_constraints import Constraint, make_constraint


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """`{name}` with its decorations. default None means there is none."""

    name: str
    optional: bool = False
    catch_all: bool = False
    default: str | None = None
    constraints: tuple[Constraint, ...] = ()

    def accepts(self, value: str) -> bool:
        """Return whether the value keeps the rules of the part."""
        return all(constraint(value) for constraint in self.constraints)


# Literal text or a parameter; most segments have one part.
Segment = tuple[str | Parameter, ...]


@dataclass(frozen=True)
class RouteTemplate:
    """A parsed template. text: as written; segments: one entry per part between slashes."""

    text: str
    segments: tuple[Segment, ...]

    @property
    def precedence(self) -> tuple[int, ...]:
        """Sorts templates: the smaller one is tried first, since it is more specific."""
        return tuple(_precedence(segment) for segment in self.segments)

    @property
    def shape(self) -> str:
        """Equal for templates that match the same paths by the same parts, whatever their parameters are called."""
        return "/".join(
            "".join(part.casefold() if isinstance(part, str) else "{}" for part in each) for each in self.segments
        )

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        """Return the route values of a path given as decoded segments; None when it does not match."""
        values: dict[str, str] = {}
        for index, segment in enumerate(self.segments):
            parameter = segment[0]
            if isinstance(parameter, Parameter) and parameter.catch_all:
                return values if _take(parameter, "/".join(path[index:]), values) else None
            if not _match_segment(segment, path[index] if index < len(path) else "", values):
                return None
        return values if len(path) <= len(self.segments) else None


def parse_template(text: str) -> RouteTemplate:
    """Read a template. Raises ValueError that says what is wrong with it."""
    trimmed = text.strip("/")
    segments = tuple(_parse_segment(each) for each in _split_outside_braces(trimmed)) if trimmed else ()
    _check(text, segments)
    return RouteTemplate(trimmed, segments)


def _precedence(segment: Segment) -> int:
    """Return ASP.NET's digits: literal 1, constrained or composed 2, parameter 3, constrained catch-all 4, catch-all 5."""
    part = segment[0]
    if len(segment) > 1:
        return 2
    if isinstance(part, str):
        return 1
    return (5 if part.catch_all else 3) - (1 if part.constraints else 0)


def _match_segment(segment: Segment, value: str, values: dict[str, str]) -> bool:
    part = segment[0]
    if len(segment) > 1:
        return _match_composed(segment, value, values)
    if isinstance(part, str):
        return part.casefold() == value.casefold()
    return _take(part, value, values)


def _take(parameter: Parameter, value: str, values: dict[str, str]) -> bool:
    if value == "":
        if parameter.default is not None:
            values[parameter.name] = parameter.default
        return parameter.optional or parameter.catch_all or parameter.default is not None
    values[parameter.name] = value
    return parameter.accepts(value)


def _match_composed(segment: Segment, value: str, values: dict[str, str]) -> bool:
    last = segment[-1]
    if isinstance(last, Parameter) and last.optional and not _match_parts(segment, value, values):
        # `{name}.{ext?}`: without the parameter its dot goes too.
        return _match_parts(segment[:-2], value, values)
    return _match_parts(segment, value, values)


def _match_parts(parts: Segment, value: str, values: dict[str, str]) -> bool:
    # Greedy from the left, which is the same as ASP.NET's search for literals from the right.
    pattern = "".join(re.escape(part) if isinstance(part, str) else "(.+)" for part in parts)
    match = re.fullmatch(pattern, value, re.IGNORECASE | re.DOTALL)
    if match is None:
        return False
    parameters = [part for part in parts if isinstance(part, Parameter)]
    found = dict(zip(parameters, match.groups(), strict=True))
    values.update({parameter.name: text for parameter, text in found.items()})
    return all(parameter.accepts(text) for parameter, text in found.items())


def _split_outside_braces(text: str) -> list[str]:
    """Split at slashes that are not inside `{...}`, as a regex constraint may hold one."""
    pieces, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += {"{": 1, "}": -1}.get(character, 0)
        if character == "/" and depth == 0:
            pieces.append(text[start:index])
            start = index + 1
    return [*pieces, text[start:]]


def _parse_segment(text: str) -> Segment:
    parts: list[str | Parameter] = []
    literal, index = "", 0
    while index < len(text):
        if text[index : index + 2] in ("{{", "}}"):
            literal, index = literal + text[index], index + 2
        elif text[index] == "{":
            end = _closing_brace(text, index)
            parts += [literal] if literal else []
            parts.append(_parse_parameter(text[index + 1 : end]))
            literal, index = "", end + 1
        elif text[index] == "}":
            raise ValueError(f"the route part '{text}' has a '}}' without its '{{'")
        else:
            literal, index = literal + text[index], index + 1
    parts += [literal] if literal or not parts else []
    return tuple(parts)


def _closing_brace(text: str, start: int) -> int:
    """Return the index of the brace that closes the one at `start`; doubled braces inside stand for themselves."""
    index = start + 1
    while index < len(text):
        if text[index : index + 2] in ("{{", "}}"):
            index += 2
        elif text[index] == "}":
            return index
        else:
            index += 1
    raise ValueError(f"the route part '{text}' has a '{{' without its '}}'")


def _parse_parameter(text: str) -> Parameter:
    text = text.replace("{{", "{").replace("}}", "}")
    catch_all = text.startswith("*")
    name, *constraints = _split_constraints(text.lstrip("*"))
    # The default or the question mark stands at the very end, after the constraints.
    head, *tail = [name, *constraints]
    last = tail.pop() if tail else head
    last, default, optional = _split_default(last)
    if constraints:
        tail.append(last)
    else:
        head = last
    if not re.fullmatch(r"[^/{}*?:=]+", head):
        raise ValueError(f"'{{{text}}}' is not a valid route parameter")
    return Parameter(
        name=head,
        optional=optional,
        catch_all=catch_all,
        default=default,
        constraints=tuple(make_constraint(each) for each in tail),
    )


def _split_default(text: str) -> tuple[str, str | None, bool]:
    if text.endswith("?"):
        return text[:-1], None, True
    if "=" in text and "(" not in text.partition("=")[0]:
        left, _, default = text.partition("=")
        return left, default, False
    return text, None, False


def _split_constraints(text: str) -> list[str]:
    """Split at colons outside parentheses: `id:range(1,5):regex(a:b)`."""
    pieces, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == ":" and depth == 0:
            pieces.append(text[start:index])
            start = index + 1
    return [*pieces, text[start:]]


def _check(text: str, segments: Sequence[Segment]) -> None:
    parameters = [part for segment in segments for part in segment if isinstance(part, Parameter)]
    names = [parameter.name.casefold() for parameter in parameters]
    if len(set(names)) < len(names):
        raise ValueError(f"the route '{text}' uses a parameter name twice")
    if any(segment == ("",) for segment in segments):
        raise ValueError(f"the route '{text}' has an empty part between slashes")
    if any(parameter.catch_all for parameter in parameters[:-1]) or (
        parameters and parameters[-1].catch_all and segments[-1] != (parameters[-1],)
    ):
        raise ValueError(f"in the route '{text}' a catch-all parameter must be the last part")
