"""The value of an expression, for given parameters."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

from scripts.bicep.file import BicepFile
from scripts.bicep.functions import KNOWN, STRUCTURE, flat, key_of_unknown
from scripts.bicep.higher import HIGHER, applied
from scripts.bicep.node import Node
from scripts.bicep.operators import OPERATORS
from scripts.bicep.parameters import check_value
from scripts.bicep.place import Place
from scripts.bicep.reference import Reference
from scripts.bicep.shapes import Shapes
from scripts.bicep.tree import (
    Array,
    Binary,
    Bool,
    Call,
    For,
    Function,
    Index,
    Inner,
    Lambda,
    Member,
    Name,
    NotNull,
    Null,
    Number,
    Object,
    Property,
    Resource,
    Spread,
    Ternary,
    Text,
    Unary,
)
from scripts.bicep.values import Refused, Unknown, called, has_unknown, interpolated

Local = dict[str, Any]
Files = dict[pathlib.Path, BicepFile]


class Evaluator:
    """One file with parameter values; `prefix` is the path of module symbols that leads to it."""

    def __init__(self, file: BicepFile, files: Files, params: Local, place: Place, prefix: str = ""):
        self.file, self.files, self.params, self.place, self.prefix = file, files, params, place, prefix
        self.shapes = Shapes(file, files, None)
        self.memo: dict[str, Any] = {}

    # ---- names

    def symbol(self, name: str) -> Any:
        if name not in self.memo:
            self.memo[name] = self.find(name)
        return self.memo[name]

    def find(self, name: str) -> Any:
        file = self.file
        if name in file.params:
            declaration = file.params[name]
            given = self.params.get(name)
            return self.value(declaration.default) if given is None else given
        if name in file.vars:
            variable = file.vars[name]
            found = self.value(variable.value)
            if variable.type is not None:
                check_value(found, variable.type, file, self.shapes, variable.decorators, name)
            return found
        if name in file.resources:
            resource = file.resources[name]
            if isinstance(resource.body, For):
                return self.looped(resource.body, {}, lambda body, local: self.reference(resource, [], local))
            return self.reference(resource, [], {})
        return self.imported_value(name)

    def imported_value(self, name: str) -> Any:
        declaration = self.file.imports[name]
        other = self.shapes.other(declaration.path)
        if other is None:
            raise Refused(f"{self.file.path.name}: {name!r} is imported from a file that is not there")
        return self.beside(other).symbol(declaration.names[name])

    def beside(self, other: BicepFile) -> Evaluator:
        """Return an evaluator of what another file exports."""
        return Evaluator(other, self.files, {}, self.place, self.prefix)

    def reference(self, resource: Resource, parents: list[Resource], local: Local) -> Reference:
        symbol = self.prefix + "::".join(r.name for r in [*parents, resource])
        index = local.get("#")
        return Reference(self, resource, parents, local, symbol if index is None else f"{symbol}[{index}]")

    # ---- expressions

    def value(self, node: Node | None, local: Local | None = None) -> Any:
        local = local or {}
        match node:
            case None | Null():
                return None
            case Text():
                return interpolated(
                    [(not isinstance(p, str), p if isinstance(p, str) else self.value(p, local)) for p in node.parts]
                )
            case Number() | Bool():
                return node.value
            case Name(name=name):
                return local[name] if name in local else self.symbol(name)
            case Array():
                return flat(
                    self.value(i.value, local) if isinstance(i, Spread) else [self.value(i, local)] for i in node.items
                )
            case Object():
                return self.object(node, local)
            case For():
                return self.looped(node, local, self.value)
            case NotNull(target=target):
                return self.value(target, local)
        return self.operation(node, local)

    def operation(self, node: Node, local: Local) -> Any:
        match node:
            case Member():
                return self.member(node, local)
            case Index():
                return self.index(node, local)
            case Inner(target=target, name=name):
                return self.inner(self.value(target, local), name)
            case Call():
                return self.call(node, local)
            case Unary(op=op, operand=operand):
                inner = self.value(operand, local)
                if isinstance(inner, Unknown):
                    return Unknown.of(called("not" if op == "!" else "sub", inner))
                return not inner if op == "!" else -inner if op == "-" else inner
            case Binary():
                return self.binary(node, local)
            case Ternary(test=test, yes=yes, no=no):
                chosen = self.value(test, local)
                if isinstance(chosen, Unknown):
                    return Unknown.of(called("if", chosen, self.value(yes, local), self.value(no, local)))
                return self.value(yes if chosen else no, local)
        raise Refused(f"{self.file.path.name}:{node.line}: {self.file.text_of(node)} cannot be evaluated")

    def object(self, node: Object, local: Local) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for entry in node.entries:
            if isinstance(entry, Spread):
                result |= self.value(entry.value, local)
            elif isinstance(entry, Property):
                key = entry.name if entry.name is not None else self.value(entry.key, local)
                result[key] = self.value(entry.value, local)
        return result

    def looped(self, loop: For, local: Local, each: Callable[[Node, Local], Any]) -> list[Any]:
        source = self.value(loop.source, local)
        if not isinstance(source, list):
            raise Refused(f"{self.file.path.name}:{loop.line}: a loop runs over an array, not over {source!r}")
        return [
            each(loop.body, local | dict(zip(loop.params, (item, i), strict=False)) | {"#": i})
            for i, item in enumerate(source)
        ]

    def member(self, node: Member, local: Local) -> Any:
        outputs = self.module_outputs(node.target, local)
        if outputs is not None:
            return outputs
        owner = self.value(node.target, local)
        match owner:
            case Reference() | Unknown():
                return owner.member(node.name)
            case dict() if node.name in owner:
                return owner[node.name]
            case dict() | None if node.safe:
                return None
        text = self.file.text_of(node)
        raise Refused(
            f"The language expression property '{node.name}' doesn't exist: {self.file.path.name}:{node.line} {text}"
        )

    def module_outputs(self, node: Node, local: Local) -> Any:
        """Return the outputs of a module that an expression names; None when it names none."""
        return None

    def index(self, node: Index, local: Local) -> Any:
        owner, key = self.value(node.target, local), self.value(node.index, local)
        if isinstance(owner, Unknown):
            return key_of_unknown(owner, key)
        if isinstance(owner, Reference):
            return owner.member(key)
        if isinstance(owner, list) and node.from_end:
            key = -key
        try:
            return owner[key]
        except (LookupError, TypeError):
            if node.safe:
                return None
            text = f"{self.file.path.name}:{node.line} {self.file.text_of(node)}"
            raise Refused(f"The language expression property '{key}' doesn't exist: {text}") from None

    def inner(self, owner: Reference, name: str) -> Reference:
        nested = owner.resource.object.nested if owner.resource.object else []
        (child,) = [one for one in nested if one.name == name]
        return owner.evaluator.reference(child, [*owner.parents, owner.resource], owner.local)

    def binary(self, node: Binary, local: Local) -> Any:
        left = self.value(node.left, local)
        if node.op == "??":
            return left if left is not None else self.value(node.right, local)
        # Both sides, always: that the right side of && and || is left out is documented nowhere.
        right = self.value(node.right, local)
        if isinstance(left, Unknown) or isinstance(right, Unknown):
            return Unknown.of(f"{called('', left)} {node.op} {called('', right)}")
        return OPERATORS[node.op](left, right)

    # ---- functions

    def call(self, node: Call, local: Local) -> Any:
        name = node.name
        if node.target is not None and not (isinstance(node.target, Name) and node.target.name in ("az", "sys")):
            return self.method(node, local)
        if name in self.file.functions:
            return self.own_function(self.file.functions[name], [self.value(one, local) for one in node.args])
        if name in self.file.imports:
            return self.imported(self.file.imports[name].names[name], self.file.imports[name].path, node, local)
        if name in HIGHER:
            return self.higher(node, local)
        arguments = [self.value(one, local) for one in node.args]
        if name == "fail":
            raise Refused(str(arguments[0]))
        if name in ("loadTextContent", "loadJsonContent"):
            return self.loaded(name, arguments[0])
        found = self.place.call(name, arguments)
        return self.built_in(name, arguments) if found is None else found

    def built_in(self, name: str, arguments: list[Any]) -> Any:
        if name in STRUCTURE and not any(isinstance(one, Unknown) for one in arguments[:1]):
            return STRUCTURE[name](*arguments)
        if name in KNOWN and not has_unknown(arguments):
            return KNOWN[name](*arguments)
        return Unknown.of(called(name, *arguments))

    def own_function(self, function: Function, arguments: list[Any]) -> Any:
        return self.value(function.body, dict(zip(function.params, arguments, strict=True)))

    def method(self, node: Call, local: Local) -> Any:
        if isinstance(node.target, Name) and node.target.name in self.file.imports:
            return self.imported(node.name, self.file.imports[node.target.name].path, node, local)
        owner = self.value(node.target, local)
        text = owner.symbol if isinstance(owner, Reference) else str(owner)
        return Unknown.of(called(f"{text}.{node.name}", *(self.value(one, local) for one in node.args)))

    def imported(self, name: str, path: Text | None, node: Call, local: Local) -> Any:
        other = self.shapes.other(path)
        if other is None or name not in other.functions:
            raise Refused(f"{self.file.path.name}:{node.line}: there is no function {name!r}")
        return self.beside(other).own_function(other.functions[name], [self.value(one, local) for one in node.args])

    def higher(self, node: Call, local: Local) -> Any:
        def apply(function: Node, *arguments: Any) -> Any:
            if not isinstance(function, Lambda):
                raise Refused(f"{self.file.path.name}:{node.line}: {node.name}() takes a lambda")
            return self.value(function.body, local | dict(zip(function.params, arguments, strict=False)))

        if len(node.args) < 2:
            raise Refused(f"{self.file.path.name}:{node.line}: {node.name}() has the wrong number of arguments")
        source, *rest = node.args
        return applied(node.name, self.value(source, local), rest, apply, lambda one: self.value(one, local))

    def loaded(self, name: str, path: str) -> Any:
        text = (self.file.path.parent / path).read_text(encoding="utf-8-sig")
        return text if name == "loadTextContent" else json.loads(text)
