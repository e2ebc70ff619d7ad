"""The literals that an expression of a Bicep file may come down to."""

from __future__ import annotations

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.tree import Array, Binary, Bool, Index, Member, Name, NotNull, Number, Object, Ternary, Text, Var


def candidates(
    file: BicepFile, node: Node | None, local: frozenset[str] = frozenset(), seen: frozenset[Node] = frozenset()
) -> list[Node]:
    """Return literal nodes; those that are known, not necessarily all.

    local: names of loops and lambdas in force. seen: variables that lead here, which may refer to each other.
    """
    match node:
        case Text() | Number() | Bool() | Object() | Array():
            return [node]
        case Ternary(yes=yes, no=no) | Binary(op="??", left=yes, right=no):
            return candidates(file, yes, local, seen) + candidates(file, no, local, seen)
        case NotNull(target=target):
            return candidates(file, target, local, seen)
        case Name(name=name) if name not in local and name not in ("", None):
            declaration = file.vars.get(name) or file.params.get(name)
            if declaration is None or declaration in seen:
                return []
            value = declaration.value if isinstance(declaration, Var) else declaration.default
            return candidates(file, value, seen=seen | {declaration})
        case Member(target=target, name=name) | Index(target=target, index=Text(value=name)) if name is not None:
            owners = [c for c in candidates(file, target, local, seen) if isinstance(c, Object)]
            return [
                c
                for o in owners
                if name in o.properties
                for c in candidates(file, o.properties[name].value, local, seen)
            ]
        case Index(target=target):
            found = []
            for owner in candidates(file, target, local, seen):
                values = (
                    [p.value for p in owner.properties.values()]
                    if isinstance(owner, Object)
                    else owner.items
                    if isinstance(owner, Array)
                    else []
                )
                found += [c for v in values for c in candidates(file, v, local, seen)]
            return found
    return []
