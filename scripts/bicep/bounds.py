"""How small and how large a value can be, as far as its text says: numbers by value, texts and lists by length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.tree import Array, Binary, Call, Name, NotNull, Number, Param, Spread, Ternary, Text, Unary


@dataclass(frozen=True)
class Bounds:
    """None where there is no bound."""

    low: int | None = None
    high: int | None = None


def declared(decorators: list[Call], low: str, high: str) -> Bounds:
    """Return the bounds that decorators set. low, high: their names, such as minValue and maxValue."""
    found = {one.name: one.args[0].value for one in decorators if one.args and isinstance(one.args[0], Number)}
    return Bounds(found.get(low), found.get(high))


def bounds(file: BicepFile, node: Node | None) -> Bounds:
    match node:
        case Number(value=value):
            return Bounds(value, value)
        case Unary(op="-", operand=Number(value=value)):
            return Bounds(-value, -value)
        case Text():
            parts = [Bounds(len(p), len(p)) if isinstance(p, str) else bounds(file, p) for p in node.parts]
            return Bounds(sum(p.low or 0 for p in parts), _all([p.high for p in parts], sum))
        case Array() if not any(isinstance(item, Spread) for item in node.items):
            return Bounds(len(node.items), len(node.items))
        case Name(name=name) if name in file.params:
            return _of_parameter(file.params[name])
        case Name(name=name) if name in file.vars:
            return bounds(file, file.vars[name].value)
        case NotNull(target=target):
            return bounds(file, target)
        case Ternary(yes=one, no=two) | Binary(op="??", left=one, right=two):
            sides = [bounds(file, one), bounds(file, two)]
            return Bounds(_all([s.low for s in sides], min), _all([s.high for s in sides], max))
        case Call(target=None, name="max" | "min" as name, args=args):
            return _of_extreme(name, [bounds(file, one) for one in args])
    return Bounds()


def _of_parameter(param: Param) -> Bounds:
    numbers = isinstance(param.type, Name) and param.type.name == "int"
    return declared(param.decorators, *(("minValue", "maxValue") if numbers else ("minLength", "maxLength")))


def _of_extreme(name: str, sides: list[Bounds]) -> Bounds:
    """max() is at least as large as the largest of the lower bounds that are known, and the other way round."""
    lows, highs = [s.low for s in sides], [s.high for s in sides]
    if name == "max":
        return Bounds(_any(lows, max), _all(highs, max))
    return Bounds(_all(lows, min), _any(highs, min))


def _all(values: list[int | None], combine: Any) -> int | None:
    known = [value for value in values if value is not None]
    return combine(known) if len(known) == len(values) else None


def _any(values: list[int | None], combine: Any) -> int | None:
    known = [value for value in values if value is not None]
    return combine(known) if known else None


def misfits(given: Bounds, wanted: Bounds, lengths: bool) -> list[tuple[str, str]]:
    """Return what the compiler says of a value that may lie outside: code and message, none where it fits."""
    codes = ("BCP332", "BCP333", "BCP334", "BCP335") if lengths else ("BCP327", "BCP328", "BCP329", "BCP330")
    what = "its length" if lengths else "it"
    found = []
    if given.low is not None and wanted.high is not None and given.low > wanted.high:
        found.append((codes[0], f"{what} is always at least {given.low}, and at most {wanted.high} is taken"))
    elif given.high is not None and wanted.low is not None and given.high < wanted.low:
        found.append((codes[1], f"{what} is always at most {given.high}, and at least {wanted.low} is taken"))
    else:
        if given.low is not None and wanted.low is not None and given.low < wanted.low:
            found.append((codes[2], f"{what} can be as small as {given.low}, and at least {wanted.low} is taken"))
        if given.high is not None and wanted.high is not None and given.high > wanted.high:
            found.append((codes[3], f"{what} can be as large as {given.high}, and at most {wanted.high} is taken"))
    return found
