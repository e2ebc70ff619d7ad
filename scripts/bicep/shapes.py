"""The shape of each expression of a Bicep file."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from dataclasses import replace

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.references import full_type, nested_resources
from scripts.bicep.resource_types import Type, Types
from scripts.bicep.shape import ANY, NoSuchMember, Shape, common, union
from scripts.bicep.signatures import RETURNS, TEXT_MEMBERS
from scripts.bicep.tree import (
    Array,
    Binary,
    Bool,
    Call,
    Deployable,
    For,
    Index,
    Inner,
    Member,
    Name,
    NotNull,
    Null,
    Number,
    Object,
    Resource,
    Ternary,
    Text,
    Unary,
)
from scripts.bicep.type_tree import Generic, ListType, Nullable, ObjectType, TupleType, Union


class Shapes:
    def __init__(self, file: BicepFile, files: dict[pathlib.Path, BicepFile], types: Types | None):
        self.file, self.files, self.types = file, files, types
        self.full_types = {resource: full_type(resource, parents) for resource, parents in nested_resources(file)}
        self.busy: set[Node] = set()  # guards against variables that refer to each other

    def other(self, path: Text | None) -> BicepFile | None:
        """Return the file that a module or an import names."""
        return self.files.get((self.file.path.parent / path.value).resolve()) if path and path.value else None

    def resource_type(self, resource: Resource) -> Type | None:
        base, _, version = self.full_types.get(resource, "").partition("@")
        found = self.types.resource(base, version) if self.types and base else None
        if not found:
            return None
        if found.body.discriminator == "name" and resource.object and "name" in resource.object.properties:
            name = resource.object.properties["name"].value
            last = name.parts[-1] if isinstance(name, Text) and name.parts and isinstance(name.parts[-1], str) else ""
            return found.body.variants.get(last.rsplit("/", 1)[-1], found.body)
        return found.body

    # -- types as written

    def declared(self, node: Node | None, file: BicepFile) -> Shape:
        match node:
            case Name(name=name):
                if name in ("string", "int", "bool", "array", "object"):
                    return Shape(name)
                return self.declared_elsewhere(name, file)
            case Member(target=Name(name=namespace), name=name) if namespace in file.imports:
                return self.imported(file, namespace, name)
            case Member(target=target, name=name):
                return self.quiet_member(self.declared(target, file), name)
            case ObjectType():
                return Shape("object", node, file=file)
            case ListType(item=item):
                return Shape("array", self.declared(item, file))
            case TupleType():
                return Shape("array")
            case Nullable(inner=inner):
                return self.declared(inner, file)
            case Text(value=value) if value is not None:
                return Shape("string", choices=(value,))
            case Number():
                return Shape("int")
            case Bool():
                return Shape("bool")
            case Union(members=members):
                return union([self.declared(m, file) for m in members if not isinstance(m, Null)])
            case Generic(name="resourceInput" | "resourceOutput", args=[Text() as name]) if self.types and name.value:
                base, _, version = name.value.partition("@")
                found = self.types.resource(base, version)
                return self.part(found.body) if found else ANY
        return ANY

    def declared_elsewhere(self, name: str, file: BicepFile) -> Shape:
        if name in file.types:
            return self.guarded(file.types[name], lambda: self.declared(file.types[name].type, file))
        return self.imported(file, name, file.imports[name].names[name]) if name in file.imports else ANY

    def imported(self, file: BicepFile, alias: str, name: str) -> Shape:
        path = file.imports[alias].path
        other = self.files.get((file.path.parent / path.value).resolve()) if path and path.value else None
        return self.declared_elsewhere(name, other) if other else ANY

    def guarded(self, node: Node, find: Callable[[], Shape]) -> Shape:
        if node in self.busy:
            return ANY
        self.busy.add(node)
        try:
            return find()
        finally:
            self.busy.discard(node)

    # -- expressions

    def part(self, type_: Type) -> Shape:
        choices, open_ = type_.choices
        return Shape(type_.plain, type_, () if open_ else tuple(choices))

    def of(self, node: Node | None, local: frozenset[str] = frozenset()) -> Shape:
        """Check that a property exists.

        Raises:
            NoSuchMember: It does not.
        """
        match node:
            case Text():
                return Shape("string", choices=(node.value,) if node.value is not None else ())
            case Number():
                return Shape("int")
            case Bool():
                return Shape("bool")
            case Object():
                return Shape("object", node)
            case Array() | For():
                return Shape("array")
            case Name(name=name):
                return ANY if name in local else self.symbol(name)
            case NotNull(target=target):
                return self.of(target, local)
            case Member(target=target, name=name):
                return self.member(self.of(target, local), name)
            case Index(target=target, index=Text(value=name)) if name is not None:
                return self.member(self.of(target, local), name)
            case Index(target=target):
                return self.indexed(self.of(target, local))
            case Inner(target=target, name=name):
                return self.inner(self.of(target, local), name)
            case Call(target=None, name="split"):
                return Shape("array", Shape("string"))
            case Call():
                return self.called(node)
            case Unary(op=op):
                return Shape("bool" if op == "!" else "int")
            case Binary(op="??", left=left, right=right):
                return common(self.of(left, local), self.of(right, local))
            case Binary(op=op):
                return Shape("int" if op in "+-*/%" else "bool")
            case Ternary(yes=yes, no=no):
                return common(self.of(yes, local), self.of(no, local))
        return ANY

    def symbol(self, name: str) -> Shape:
        file = self.file
        if name in file.params:
            return self.parameter(file, name)
        if name in file.vars:
            return self.guarded(file.vars[name], lambda: self.of(file.vars[name].value))
        if name in file.resources or name in file.modules:
            declaration: Deployable = file.resources.get(name) or file.modules[name]
            single = Shape("resource", declaration) if name in file.resources else Shape("module", declaration)
            return Shape("array", single) if isinstance(declaration.body, For) else single
        return ANY

    def parameter(self, file: BicepFile, name: str) -> Shape:
        declaration = file.params[name]
        shape = self.declared(declaration.type, file)
        allowed = declaration.decorator("allowed")
        if allowed and allowed.args and isinstance(allowed.args[0], Array):
            values = [item.value for item in allowed.args[0].items if isinstance(item, Text) and item.value is not None]
            return replace(shape, choices=tuple(values))
        return shape

    def member(self, shape: Shape, name: str) -> Shape:
        detail = shape.detail
        if shape.plain == "resource":
            type_ = self.resource_type(detail)
            return self.member(self.part(type_), name) if type_ else ANY
        if shape.plain == "module":
            if name == "name":
                return Shape("string")
            if name != "outputs":
                raise NoSuchMember(name, ["name", "outputs"])
            other = self.other(detail.path)
            return Shape("outputs", other) if other else ANY
        if shape.plain == "outputs":
            if name not in detail.outputs:
                raise NoSuchMember(name, list(detail.outputs))
            return self.declared(detail.outputs[name].type, detail)
        if isinstance(detail, Type):
            try:
                found = detail.child(name)
            except KeyError:
                raise NoSuchMember(name, list(detail.properties)) from None
            return self.part(found) if found else ANY
        if isinstance(detail, Object):
            if name in detail.properties:
                return self.of(detail.properties[name].value)
            if detail.open:
                return ANY
            raise NoSuchMember(name, list(detail.properties))
        if isinstance(detail, ObjectType):
            return self.field(detail, name, shape.file or self.file)
        if isinstance(detail, str):
            if name not in TEXT_MEMBERS[detail]:
                raise NoSuchMember(name, sorted(TEXT_MEMBERS[detail]))
            return (
                Shape("object", name)
                if name in TEXT_MEMBERS
                else Shape("any" if name in ("tags", "properties", "audiences") else "string")
            )
        return ANY

    def quietly(self, node: Node | None) -> Shape:
        try:
            return self.of(node)
        except NoSuchMember:
            return ANY

    def quiet_member(self, shape: Shape, name: str) -> Shape:
        try:
            return self.member(shape, name)
        except NoSuchMember:
            return ANY

    def field(self, type_: ObjectType, name: str, file: BicepFile) -> Shape:
        for wanted in (name, "*"):
            for f in type_.fields:
                if f.name == wanted:
                    return self.declared(f.type, file)
        raise NoSuchMember(name, [f.name for f in type_.fields])

    def indexed(self, shape: Shape) -> Shape:
        if isinstance(shape.detail, Shape):
            return shape.detail
        if isinstance(shape.detail, Type) and shape.detail.kind == "Array":
            return self.part(shape.detail.item)
        return ANY

    def inner(self, shape: Shape, name: str) -> Shape:
        if shape.plain == "resource" and shape.detail.object:
            for child in shape.detail.object.nested:
                if child.name == name:
                    return (
                        Shape("array", Shape("resource", child))
                        if isinstance(child.body, For)
                        else Shape("resource", child)
                    )
            raise NoSuchMember(name, [child.name for child in shape.detail.object.nested])
        return ANY

    def called(self, call: Call) -> Shape:
        if call.target is not None and not (isinstance(call.target, Name) and call.target.name in ("az", "sys")):
            return ANY
        if call.name in self.file.functions and call.target is None:
            return self.declared(self.file.functions[call.name].types[-1], self.file)
        if call.name == "deployment":
            return ANY
        if call.name in TEXT_MEMBERS and not (call.args and call.name in ("resourceGroup", "subscription")):
            return Shape("object", call.name)
        return Shape(RETURNS.get(call.name, "any"))
