"""The tree of a type as a Bicep file writes it: names, members and literals of `tree`, and these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from scripts.bicep.node import Node


@dataclass(eq=False)
class ListType(Node):
    item: Node


@dataclass(eq=False)
class Union(Node):
    members: list[Any]


@dataclass(eq=False)
class Nullable(Node):
    inner: Node


@dataclass(eq=False)
class TupleType(Node):
    items: list[Any]


@dataclass(eq=False)
class TypeField(Node):
    name: str  # '*' for additional properties
    type: Node
    decorators: list[Any]


@dataclass(eq=False)
class ObjectType(Node):
    fields: list[Any]


@dataclass(eq=False)
class Generic(Node):
    """The types resourceInput<'...'> and resourceOutput<'...'>."""

    name: str
    args: list[Any]


@dataclass(eq=False)
class OtherType(Node):
    """A type form that is accepted and not checked."""

    inner: list[Any]
