"""What refers to what in a file, and where its resources are nested."""

from __future__ import annotations

from collections.abc import Iterator

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.tree import For, Function, Index, Lambda, Member, Name, NotNull, Resource, TypeDeclaration
from scripts.bicep.type_tree import Generic, ListType, Nullable, ObjectType, TupleType, Union


def nested_resources(file: BicepFile) -> Iterator[tuple[Resource, list[Resource]]]:
    """Yield every resource with the resources it is nested in, outermost first."""

    def below(resource: Resource, parents: list[Resource]) -> Iterator[tuple[Resource, list[Resource]]]:
        yield resource, parents
        for child in resource.object.nested if resource.object else []:
            yield from below(child, [*parents, resource])

    for resource in file.resources.values():
        yield from below(resource, [])


def full_type(resource: Resource, parents: list[Resource]) -> str:
    """Return the type with its version, such as Microsoft.Storage/storageAccounts/blobServices@2025-06-01, nested ones too.

    It is empty if it is not a literal.
    """
    own = resource.type.value if resource.type else None
    if own is None or not parents:
        return own or ""
    base, _, version = full_type(parents[-1], parents[:-1]).partition("@")
    name, _, own_version = own.partition("@")
    return f"{base}/{name}@{own_version or version}"


def rooted(node: Node) -> tuple[str, Node | None]:
    """Return the name at the root of a.b[0].c, and the first property access on it."""
    first = None
    while isinstance(node, Member | Index | NotNull):
        if isinstance(node, Member):
            first = node
        node = node.target
    return (node.name, first) if isinstance(node, Name) else ("", None)


def expressions(node: Node, local: frozenset[str] = frozenset()) -> Iterator[tuple[Node, frozenset[str]]]:
    """Yield every node of an expression or declaration but types and keys, with the loop and lambda variables in force there."""
    yield node, local
    match node:
        case Lambda(params=params, body=body):
            yield from expressions(body, local | set(params))
            return
        case For(params=params, source=source, body=body):
            yield from expressions(source, local)
            yield from expressions(body, local | set(params))
            return
        case Function(params=params, body=Node() as body):
            yield from expressions(body, local | set(params))
            return
        case TypeDeclaration():
            return
    for child in node.children():
        if isinstance(child, ObjectType | ListType | Nullable | Union | TupleType | Generic):
            continue
        if hasattr(node, "key") and child is node.key and isinstance(child, Name):
            continue
        if hasattr(node, "type") and child is node.type:
            continue
        yield from expressions(child, local)


def named(node: Node) -> Iterator[tuple[Name, frozenset[str]]]:
    for part, local in expressions(node):
        if isinstance(part, Name):
            yield part, local


def used_names(node: Node) -> set[str]:
    """Return the names of its file's symbols that an expression or declaration uses."""
    return {name.name for name, local in named(node) if name.name not in local}
