"""The tree of a Bicep file: expressions and declarations."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from scripts.bicep.node import Node
from scripts.bicep.type_tree import Nullable


@dataclass(eq=False)
class Name(Node):
    name: str


@dataclass(eq=False)
class Text(Node):
    """A string; its parts are literal pieces (str) and interpolated expressions (Node)."""

    parts: list[Any]

    @property
    def value(self) -> str | None:
        """The literal text, or None when something is interpolated."""
        return None if any(isinstance(p, Node) for p in self.parts) else "".join(self.parts)


@dataclass(eq=False)
class Number(Node):
    value: int


@dataclass(eq=False)
class Bool(Node):
    value: bool


@dataclass(eq=False)
class Null(Node):
    pass


@dataclass(eq=False)
class Array(Node):
    items: list[Any]


@dataclass(eq=False)
class Spread(Node):
    value: Node


@dataclass(eq=False)
class Property(Node):
    key: Node  # Name or Text
    value: Node

    @property
    def name(self) -> str | None:
        return self.key.name if isinstance(self.key, Name) else self.key.value if isinstance(self.key, Text) else None


@dataclass(eq=False)
class Object(Node):
    entries: list[Any]  # Property, Spread, Resource (nested)

    @property
    def properties(self) -> dict[str, Property]:
        return {p.name: p for p in self.entries if isinstance(p, Property) and p.name is not None}

    @property
    def open(self) -> bool:
        """True when some property names are not known from the text."""
        return any(isinstance(p, Spread) or (isinstance(p, Property) and p.name is None) for p in self.entries)

    @property
    def nested(self) -> list[Resource]:
        return [p for p in self.entries if isinstance(p, Resource)]


@dataclass(eq=False)
class Call(Node):
    target: Node | None  # set for target.name(...)
    name: str
    args: list[Any]


@dataclass(eq=False)
class Member(Node):
    target: Node
    name: str
    safe: bool = False


@dataclass(eq=False)
class Index(Node):
    target: Node
    index: Node
    safe: bool = False
    from_end: bool = False


@dataclass(eq=False)
class Inner(Node):
    """A nested resource, `target::name`."""

    target: Node
    name: str


@dataclass(eq=False)
class NotNull(Node):
    target: Node


@dataclass(eq=False)
class Unary(Node):
    op: str
    operand: Node


@dataclass(eq=False)
class Binary(Node):
    op: str
    left: Node
    right: Node


@dataclass(eq=False)
class Ternary(Node):
    test: Node
    yes: Node
    no: Node


@dataclass(eq=False)
class Lambda(Node):
    params: list[str]
    body: Node


@dataclass(eq=False)
class For(Node):
    params: list[str]  # item, or item and index
    source: Node
    body: Node


@dataclass(eq=False)
class If(Node):
    test: Node
    body: Node


# declarations


@dataclass(eq=False)
class Declaration(Node):
    name: str = ""
    decorators: list[Any] = field(default_factory=list)

    def decorator(self, name: str) -> Call | None:
        return next((d for d in self.decorators if d.name == name), None)


@dataclass(eq=False)
class Param(Declaration):
    type: Node | None = None
    default: Node | None = None

    @property
    def required(self) -> bool:
        return self.default is None and not isinstance(self.type, Nullable)


@dataclass(eq=False)
class Var(Declaration):
    type: Node | None = None
    value: Node | None = None


@dataclass(eq=False)
class Output(Declaration):
    type: Node | None = None
    value: Node | None = None


@dataclass(eq=False)
class TypeDeclaration(Declaration):
    type: Node | None = None


@dataclass(eq=False)
class Function(Declaration):
    params: list[str] = field(default_factory=list)
    types: list[Any] = field(default_factory=list)
    body: Node | None = None


@dataclass(eq=False)
class Deployable(Declaration):
    body: Node | None = None  # Object, If or For

    @property
    def object(self) -> Object | None:
        body = self.body
        while isinstance(body, If | For):
            body = body.body
        return body if isinstance(body, Object) else None

    @property
    def condition(self) -> Node | None:
        body = self.body.body if isinstance(self.body, For) else self.body
        return body.test if isinstance(body, If) else None


@dataclass(eq=False)
class Resource(Deployable):
    type: Text | None = None
    existing: bool = False


@dataclass(eq=False)
class Module(Deployable):
    path: Text | None = None


@dataclass(eq=False)
class Import(Declaration):
    """An import; its names are by alias, and a wildcard import is {alias: '*'}."""

    names: dict[str, str] = field(default_factory=dict)
    path: Text | None = None


@dataclass(eq=False)
class Setting(Declaration):
    """A targetScope, metadata, using, assert, extension, or param assignment of a .bicepparam file."""

    keyword: str = ""
    value: Node | None = None
