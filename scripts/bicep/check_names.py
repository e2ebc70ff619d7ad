"""Declarations, and the names that refer to them."""

from __future__ import annotations

from collections import Counter

from scripts.bicep.findings import FileCheck, meant
from scripts.bicep.node import Node
from scripts.bicep.references import expressions, used_names
from scripts.bicep.run_time import run_time
from scripts.bicep.shape import NoSuchMember
from scripts.bicep.signatures import RETURNS
from scripts.bicep.tree import (
    Array,
    Call,
    Declaration,
    Deployable,
    For,
    If,
    Import,
    Index,
    Member,
    Name,
    Object,
    Output,
    Param,
    Property,
    Resource,
    Setting,
    Text,
)

DECORATORS = {
    "allowed",
    "batchSize",
    "description",
    "discriminator",
    "export",
    "maxLength",
    "maxValue",
    "metadata",
    "minLength",
    "minValue",
    "nullIfNotFound",
    "onlyIfNotExists",
    "patch",
    "retryOn",
    "sealed",
    "secure",
    "validate",
    "waitUntil",
}

LOADERS = {"loadTextContent", "loadJsonContent", "loadYamlContent", "loadFileAsBase64"}


class NameCheck(FileCheck):
    def declarations(self) -> None:
        seen: Counter[str] = Counter()
        for d in self.file.declarations:
            kind = "output " if isinstance(d, Output) else f"{d.keyword} " if isinstance(d, Setting) else ""
            seen[kind + d.name] += bool(d.name)
            if seen[kind + d.name] > 1:
                self.report(
                    d, "BCP145" if isinstance(d, Output) else "BCP028", f"{d.name!r} is declared more than once"
                )
            for decorator in d.decorators:
                if decorator.name not in DECORATORS:
                    self.report(
                        decorator, "BCP057", f"unknown decorator {decorator.name!r}" + meant(decorator.name, DECORATORS)
                    )
            if self.descriptions and isinstance(d, Param | Output) and not d.decorator("description"):
                self.warn(
                    d,
                    f"use-description-{'params' if isinstance(d, Param) else 'outputs'}",
                    f"{d.name!r} has no @description",
                )
        for d in self.file.declarations:
            if isinstance(d, Import) and d.path and d.path.value and not d.path.value.startswith(("br", "ts")):
                self.imported(d, d.path.value)
        for node in self.nodes():
            if isinstance(node, Object):
                counted = Counter(p.name for p in node.entries if isinstance(p, Property) and p.name is not None)
                for p in node.entries:
                    if isinstance(p, Property) and p.name is not None and counted[p.name] > 1:
                        self.report(p.key, "BCP025", f"property {p.name!r} is given more than once")

    def imported(self, d: Import, path: str) -> None:
        other = self.shapes.other(d.path)
        if other is None:
            return self.report(d, "BCP091", f"cannot read {path}")
        known = {x.name for x in other.declarations if x.decorator("export")}
        for name in d.names.values():
            if name != "*" and name not in known:
                self.report(d, "BCP360", f"{path} exports no {name!r}" + meant(name, known))
        return None

    def names(self) -> None:
        used: Counter[str] = Counter()
        for d in self.file.declarations:
            own = set()
            for node, local in expressions(d):
                if isinstance(node, Name) and node.name not in local:
                    own.add(node.name)
                    self.name(node)
                elif isinstance(node, Call):
                    own.add(node.name)
                    self.call(node)
                if isinstance(node, Member | Index):
                    self.access(node, local, d)
            own |= {n.name for n in d.walk() if isinstance(n, Name)}  # in types
            used.update(own)
        for kind, code, what in (
            (self.file.params, "no-unused-params", "parameter"),
            (self.file.vars, "no-unused-vars", "variable"),
            (self.file.types, "no-unused-types", "type"),
            (self.file.imports, "no-unused-imports", "import"),
        ):
            for name, d in kind.items():
                if not used[name] and not d.decorator("export"):
                    self.warn(d, code, f"{what} {name!r} is never used")
        for name, resource in self.file.resources.items():
            if resource.existing and not used[name] and not (resource.object and resource.object.nested):
                self.warn(resource, "no-unused-existing-resources", f"existing resource {name!r} is never used")

    def name(self, node: Name) -> None:
        nested = {resource.name for resource, parents in self.resources if parents}
        if node.name not in self.symbols | nested | {"az", "sys", "this"}:
            self.report(node, "BCP057", f"the name {node.name!r} does not exist" + meant(node.name, self.symbols))

    def call(self, node: Call) -> None:
        known = {*RETURNS, *DECORATORS, *self.file.functions, *self.file.imports}
        if node.target is None and node.name not in known and not node.name.startswith("list"):
            self.report(node, "BCP057", f"function {node.name!r} does not exist" + meant(node.name, known))
        if (
            node.name in LOADERS
            and node.target is None
            and node.args
            and isinstance(node.args[0], Text)
            and node.args[0].value is not None
        ) and not (self.file.path.parent / node.args[0].value).is_file():
            self.report(node, "BCP091", f"cannot read {node.args[0].value}")
        if (
            node.name == "resourceGroup"
            and node.target is None
            and not node.args
            and self.file.scope != "resourceGroup"
        ):
            self.report(node, "BCP057", f"resourceGroup() needs a name in a file of scope {self.file.scope}")

    def access(self, node: Member | Index, local: frozenset[str], within: Declaration) -> None:
        try:
            self.shapes.of(node.target, local)
        except NoSuchMember:
            return  # reported there
        try:
            self.shapes.of(node, local)
        except NoSuchMember as error:
            if not node.safe:
                self.report(
                    node,
                    "BCP053",
                    f"{self.file.text_of(node)}: there is no {error.name!r}" + meant(error.name, error.members),
                )
        if (
            isinstance(node, Member)
            and not node.safe
            and isinstance(node.target, Name | Index)
            and node.name not in ("id", "name", "type", "apiVersion")
        ):
            root = node.target.target if isinstance(node.target, Index) else node.target
            symbol = root.name if isinstance(root, Name) and root.name not in local else ""
            declaration = self.file.modules.get(symbol) or self.file.resources.get(symbol)
            if declaration and declaration.condition and declaration is not within:
                self.warn(
                    node,
                    "BCP318",
                    f"{symbol!r} is conditional and may be null here: write {symbol}!.{node.name} or {symbol}.?{node.name}",
                )

    def cycles(self) -> None:
        graph = {}
        for d in self.file.declarations:
            if d.name and not isinstance(d, Output | Import | Setting):
                graph[d.name] = (d, used_names(d) - ({d.name} if isinstance(d, Deployable) else set()))
        state: dict[str, int] = {}

        def visit(name: str, path: list[str]) -> None:
            if state.get(name) == 2 or name not in graph:
                return None
            if name in path:
                loop = " -> ".join([*path[path.index(name) :], name])
                return self.report(graph[name][0], "BCP080", f"these refer to each other: {loop}")
            for other in sorted(graph[name][1]):
                visit(other, [*path, name])
            state[name] = 2
            return None

        for name in graph:
            visit(name, [])

    def same_names(self) -> None:
        """Report two resources of one type, or two modules, that would have the same name at the same scope."""
        groups: dict[tuple[str, ...], list[Deployable]] = {}
        for d in [*(r for r, parents in self.resources if not parents and not r.existing), *self.file.modules.values()]:
            properties = d.object.properties if d.object and not isinstance(d.body, For) and not d.condition else {}
            if "name" in properties:
                where = [self.file.text_of(properties[key].value) for key in ("scope", "parent") if key in properties]
                full = self.shapes.full_types.get(d, "") if isinstance(d, Resource) else ""
                kind = full.partition("@")[0].lower()
                groups.setdefault((kind, self.file.text_of(properties["name"].value), *where), []).append(d)
        for (kind, name, *_), members in groups.items():
            if len(members) > 1:
                names = ", ".join(d.name for d in members)
                self.report(members[-1], "BCP121" if kind else "BCP122", f"{names} would have the same name, {name}")

    def loops(self) -> None:
        """Check that each loop is the value of a declaration or of a property, and runs over something known at the start."""

        def visit(node: Node, place: bool, inside_expression: bool) -> None:
            if isinstance(node, For):
                if not place or inside_expression:
                    self.report(
                        node,
                        "BCP138",
                        "a for-expression may only be the value of a resource, module, variable, output or property",
                    )
                if part := run_time(self.file, node.source, self.local):
                    self.report(
                        node.source,
                        "BCP178",
                        f"the loop must be known at the start of the deployment, but {part} is not",
                    )
                with self.within(node):
                    return visit(node.body, True, inside_expression)
            here = isinstance(node, Property | Declaration | If) and not isinstance(node, Param)
            outside = isinstance(node, Property | Declaration | If | Object | Array)
            for child in node.children():
                visit(child, here, inside_expression or not outside)
            return None

        for d in self.file.declarations:
            visit(d, True, False)
        for var in self.file.vars.values():
            if isinstance(var.value, For) and (
                part := run_time(self.file, var.value.body, frozenset(var.value.params))
            ):
                self.report(
                    var.value,
                    "BCP182",
                    f"a loop in a variable must be known at the start of the deployment, but {part} is not",
                )
