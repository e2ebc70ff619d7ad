"""Which expressions may be null, as the compiler sees it."""

from __future__ import annotations

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.shape import Shape
from scripts.bicep.shapes import Shapes
from scripts.bicep.tree import Array, Binary, Call, Index, Member, Name, NotNull, Null, Ternary
from scripts.bicep.type_tree import Nullable


def may_be_null(file: BicepFile, shapes: Shapes, node: Node | None) -> bool:
    match node:
        case Null() | Member(safe=True) | Index(safe=True) | Call(target=None, name="tryGet"):
            return True
        case Call(target=None, name="first" | "last", args=[source]):
            return not _has_an_element(source) and shapes.quietly(source).plain == "array"
        case Ternary(yes=yes, no=no):
            return may_be_null(file, shapes, yes) or may_be_null(file, shapes, no)
        case Binary(op="??", right=right):
            return may_be_null(file, shapes, right)
        case Name(name=name) if name in file.vars:
            return may_be_null(file, shapes, file.vars[name].value)
        case Name(name=name) if name in file.params:
            return isinstance(file.params[name].type, Nullable)
    return False


def _has_an_element(node: Node) -> bool:
    """Return whether a list is known to hold one: a literal that does, and every answer of split()."""
    while isinstance(node, NotNull):
        node = node.target
    return (isinstance(node, Array) and bool(node.items)) or (isinstance(node, Call) and node.name == "split")


def takes_null(type_: Node | None, shape: Shape) -> bool:
    return isinstance(type_, Nullable) or shape.plain == "any"
