"""Values against what takes them: parameters, outputs, properties of resources."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

from scripts.bicep.bounds import Bounds, bounds, declared, misfits
from scripts.bicep.findings import FileCheck, meant
from scripts.bicep.literals import candidates
from scripts.bicep.node import Node
from scripts.bicep.nullability import may_be_null, takes_null
from scripts.bicep.references import expressions
from scripts.bicep.resource_types import Type
from scripts.bicep.shape import Shape
from scripts.bicep.tree import (
    Array,
    Binary,
    Call,
    For,
    Member,
    Name,
    NotNull,
    Number,
    Object,
    Output,
    Param,
    Property,
    Spread,
    Ternary,
    Text,
)

SECRET_NAME = re.compile(r"password|pwd|secret|accountkey|acctkey", re.I)
NOT_A_SECRET = re.compile(r"secret(permissions|version|ur[il]|name)", re.I)


class ValueCheck(FileCheck):
    def parameter(self, param: Param) -> None:
        shape = self.shapes.parameter(self.file, param.name)
        self.fits(param.default, shape, f"default of {param.name}")
        if param.default:
            self.bounded(param.default, param.decorators, f"default of {param.name}")
        secure = param.decorator("secure")
        if (
            SECRET_NAME.search(param.name)
            and not NOT_A_SECRET.search(param.name)
            and not secure
            and shape.plain in ("string", "object")
        ):
            self.warn(param, "secure-secrets-in-params", f"parameter {param.name!r} looks secret: add @secure()")
        if secure and isinstance(param.default, Text) and param.default.parts:
            self.warn(
                param, "secure-parameter-default", f"secure parameter {param.name!r} has a default that anyone can read"
            )

    def fits(self, node: Node | None, wanted: Shape, where: str) -> None:
        """Report a value that does not suit a parameter or an output."""
        if node is None:
            return None
        given = self.shape(node)
        if (
            wanted.plain in ("string", "int", "bool", "array", "object")
            and given.plain
            in (
                "string",
                "int",
                "bool",
                "array",
                "object",
                "resource",
                "module",
            )
            and wanted.plain != given.plain
        ):
            return self.report(node, "BCP033", f"{where}: {wanted.plain} expected, {given.plain} given")
        for literal in candidates(self.file, node, self.local) if wanted.choices else []:
            if isinstance(literal, Text) and literal.value is not None and literal.value not in wanted.choices:
                self.report(
                    node,
                    "BCP033",
                    f"{where}: {literal.value!r} is not one of {list(wanted.choices)}"
                    + meant(literal.value, wanted.choices),
                )
        return None

    def bounded(self, node: Node, decorators: list[Call], where: str) -> None:
        """Report a value that may lie outside the bounds of what takes it, for some values of its parameters."""
        given = bounds(self.file, node) if not isinstance(node, Name) or node.name not in self.local else Bounds()
        for lengths, names in ((False, ("minValue", "maxValue")), (True, ("minLength", "maxLength"))):
            for code, message in misfits(given, declared(decorators, *names), lengths):
                self.warn(node, code, f"{where}: {message}")

    def not_null(self, node: Node, type_: Node | None, wanted: Shape, where: str, default: Node | None = None) -> None:
        """Check that no value that may be null is handed to what does not take it. A parameter with a default takes null for it."""
        if default is None and not takes_null(type_, wanted) and may_be_null(self.file, self.shapes, node):
            self.warn(node, "BCP321", f"{where}: {wanted.plain} expected, and this may be null: say ?? what then, or !")

    def call_arguments(self) -> None:
        """Check the arguments of this file's own functions."""
        for declaration in self.file.declarations:
            for node, _ in expressions(declaration):
                function = (
                    self.file.functions.get(node.name) if isinstance(node, Call) and node.target is None else None
                )
                for i, type_ in enumerate(function.types[:-1] if function else []):
                    if isinstance(node, Call) and i < len(node.args):
                        wanted = self.shapes.declared(type_, self.file)
                        self.fits(node.args[i], wanted, f"{node.name}()")
                        self.not_null(node.args[i], type_, wanted, f"{node.name}()")

    def output(self, output: Output) -> None:
        wanted = self.shapes.declared(output.type, self.file)
        self.fits(output.value, wanted, f"output {output.name}")
        if output.value:
            self.not_null(output.value, output.type, wanted, f"output {output.name}")
        if output.decorator("secure"):
            return
        for node, _ in expressions(output):
            if isinstance(node, Call) and node.name.startswith("list"):
                self.warn(
                    node,
                    "outputs-should-not-contain-secrets",
                    f"{node.name}() returns secrets; outputs are stored in clear text",
                )
            if (
                isinstance(node, Name)
                and node.name in self.file.params
                and self.file.params[node.name].decorator("secure")
            ):
                self.warn(node, "outputs-should-not-contain-secrets", f"secure parameter {node.name!r} in an output")

    def value(self, node: Node, type_: Type, where: str, **how: bool) -> None:
        match node:
            case Ternary(yes=Node() as yes, no=Node() as no) | Binary(op="??", left=Node() as yes, right=Node() as no):
                self.value(yes, type_, where, **how)
                return self.value(no, type_, where, **how)
            case NotNull(target=target):
                return self.value(target, type_, where, **how)
            case For(body=body) if type_.kind == "Array":
                with self.within(node):
                    return self.value(body, type_.item, where + "[]", **how)
            case Object():
                return self.object(node, type_, where, **how)
            case Array() if type_.kind == "Array":
                for item in node.items:
                    if not isinstance(item, Spread):
                        self.value(item, type_.item, where + "[]", **how)
                return None
            case Name(name=name) if name not in self.local and name in self.file.vars:
                # A variable with a type of its own is judged by that, as the compiler does.
                variable = self.file.vars[name]
                if variable.type is None and isinstance(variable.value, Object | Array):
                    return self.value(variable.value, type_, where, **how)
            case Call(name="union" | "shallowMerge", args=args, target=None):
                for arg in args:
                    self.value(arg, type_, where, **{**how, "partial": True})
                return None
        self.simple(node, type_, where)
        return None

    def simple(self, node: Node, type_: Type, where: str) -> None:
        plain, wanted = self.shape(node).plain, type_.plain
        known = ("string", "int", "bool", "array", "object")
        if (plain in known or plain in ("resource", "module")) and wanted in known and plain != wanted:
            return self.report(node, "BCP036", f"{where}: {wanted} expected, {plain} given")
        for literal in candidates(self.file, node, self.local):
            if isinstance(literal, Text) and literal.value:  # '' is the usual way to say "not given"
                self.text(node, literal.value, type_, where)
            elif isinstance(literal, Number):
                low, high = type_.data.get("minValue"), type_.data.get("maxValue")
                if (low is not None and literal.value < low) or (high is not None and literal.value > high):
                    self.report(node, "BCP327", f"{where}: {literal.value} is outside {low}..{high}")
        for choice in filter(None, self.shape(node).choices if isinstance(node, Name | Member) else ()):
            self.text(node, choice, type_, where)
        return None

    def text(self, node: Node, value: str, type_: Type, where: str) -> None:
        choices, open_ = type_.choices
        if choices and value not in choices:
            message = f"{where}: {value!r} is not one of {choices}" + meant(value, choices)
            if not open_:
                self.report(node, "BCP036", message)
            elif value.lower() not in [c.lower() for c in choices]:
                self.warn(node, "BCP036", message + " (other values are accepted)")
        data = type_.data
        if type_.kind == "String" and not (data.get("minLength", 0) <= len(value) <= data.get("maxLength", 10**9)):
            self.report(
                node,
                "BCP332",
                f"{where}: length {len(value)} is outside {data.get('minLength', 0)}..{data.get('maxLength', '')}",
            )
        if type_.kind == "String" and "pattern" in data and not matches(data["pattern"], value):
            self.report(node, "BCP333", f"{where}: {value!r} does not match {data['pattern']}")

    def object(
        self, node: Object, type_: Type, where: str, existing: bool = False, top: bool = False, partial: bool = False
    ) -> None:
        chosen = self.variant(node, type_, where, optional=partial or existing, top=top)
        if chosen is None:
            return
        if chosen.kind != "Object":
            if chosen.plain in ("string", "int", "bool", "array"):
                self.report(node, "BCP036", f"{where}: {chosen.plain} expected, object given")
            return
        for entry in node.entries:
            if isinstance(entry, Spread):
                with self.spreading(node):
                    self.value(entry.value, chosen, where, existing=existing, partial=True)
        for name, entry in node.properties.items():
            if not (top and name in ("scope", "parent", "dependsOn", "asserts")):
                self.member(name, entry, chosen, name if top else f"{where}.{name}", existing, partial)
        if not node.open:
            self.required(node, chosen, where, optional=partial or existing, top=top)

    def variant(self, node: Object, type_: Type, where: str, optional: bool, top: bool) -> Type | None:
        """Return the type that an object has by its discriminator; None where it is not known."""
        if type_.kind != "DiscriminatedObject":
            return type_
        chosen = node.properties.get(type_.discriminator)
        literal = self.exact(chosen.value) if chosen else None
        if chosen is None and not node.open and not optional:
            self.report(
                node, "BCP078", f"{where}: {type_.discriminator!r} is required, one of {sorted(type_.variants)}"
            )
        if literal is None or (top and type_.discriminator == "name"):
            return None
        if literal not in type_.variants:
            message = f"{where}.{type_.discriminator}: {literal!r} is not one of {sorted(type_.variants)}"
            self.report(node, "BCP036", message)
        return type_.variants.get(literal)

    def member(self, name: str, entry: Property, type_: Type, path: str, existing: bool, partial: bool) -> None:
        """Check one property of an object of a known type."""
        known = type_.properties.get(name)
        if known is not None and known.read_only and not existing:
            self.report(entry.key, "BCP073", f"{path} is read-only")
            return
        wanted = known.type if known is not None else type_.additional
        if wanted is None:
            self.report(entry.key, "BCP037", f"{path}: there is no such property" + meant(name, type_.properties))
        else:
            self.value(entry.value, wanted, path, existing=existing, partial=partial)

    def required(self, node: Object, type_: Type, where: str, optional: bool, top: bool) -> None:
        wanted = [name for name, known in type_.properties.items() if known.required and not (top and name == "name")]
        missing = [name for name in wanted if name not in node.properties]
        if missing and not optional:
            self.report(node, "BCP035", f"{where}: required {', '.join(missing)} missing")
        if top and "name" not in node.properties:
            self.report(node, "BCP035", f"{where}: required name missing")

    @contextlib.contextmanager
    def spreading(self, outermost: Node) -> Iterator[None]:
        before = self.spread
        self.spread = before or outermost
        yield
        self.spread = before

    def exact(self, node: Node | None) -> str | None:
        """Return the one literal that an expression is, through variables."""
        if isinstance(node, Name) and node.name in self.file.vars and node.name not in self.local:
            return self.exact(self.file.vars[node.name].value)
        return node.value if isinstance(node, Text) else None


def matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:  # a pattern of another regex dialect
        return True
