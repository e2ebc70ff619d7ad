"""What is known of a value without its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.bicep.file import BicepFile


@dataclass(frozen=True)
class Shape:
    """What is known of a value. plain: string int bool array object any, or resource / module / outputs.

    detail by kind of value: the Type of a resource or of a part of one; the literal Object; the declared ObjectType; the Shape of
    a list's items; the BicepFile of a module; the key of TEXT_MEMBERS.
    """

    plain: str = "any"
    detail: Any = None
    choices: tuple[str, ...] = ()
    file: BicepFile | None = None


ANY = Shape()


class NoSuchMember(Exception):
    def __init__(self, name: str, members: list[str]):
        super().__init__(name)
        self.name, self.members = name, members


def union(shapes: list[Shape]) -> Shape:
    plains = {s.plain for s in shapes}
    if len(plains) != 1:
        return ANY
    closed = all(s.choices for s in shapes)
    return Shape(plains.pop(), choices=tuple(c for s in shapes for c in s.choices) if closed else ())


def common(one: Shape, two: Shape) -> Shape:
    return (
        Shape(one.plain)
        if one.plain == two.plain and one.plain in ("string", "int", "bool", "array", "object")
        else ANY
    )
