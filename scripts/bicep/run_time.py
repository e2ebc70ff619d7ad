"""What of an expression is known only while deploying."""

from __future__ import annotations

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.references import expressions, rooted
from scripts.bicep.tree import Call, Index, Member, Name

KNOWN_AT_START = {"id", "name", "type", "apiVersion"}


def run_time(
    file: BicepFile, node: Node | None, local: frozenset[str] = frozenset(), seen: frozenset[str] = frozenset()
) -> str:
    """Return the part of an expression that is known only while deploying; '' if there is none."""
    if node is None:
        return ""
    unevaluated = {id(x) for n in node.walk() if isinstance(n, Call) and n.name == "nameof" for x in n.walk()}
    for part, inner in expressions(node, local):
        text = file.text_of(part)
        if id(part) in unevaluated:
            continue
        if isinstance(part, Member | Index):
            root, first = rooted(part)
            if root in inner:
                continue
            name = first.name if isinstance(first, Member) else ""
            if (root in file.modules and name == "outputs") or (
                root in file.resources and name and name not in KNOWN_AT_START
            ):
                return text
        elif isinstance(part, Name) and part.name in file.vars and part.name not in seen | inner:
            if found := run_time(file, file.vars[part.name].value, seen=seen | {part.name}):
                return f"{part.name} ({found})"
        elif isinstance(part, Call) and (
            part.name == "reference" or (part.name.startswith("list") and part.name != "listResourceIds")
        ):
            return text
    return ""
