"""Rules of the linter on style and security."""

from __future__ import annotations

import re

from scripts.bicep.findings import FileCheck
from scripts.bicep.node import Node
from scripts.bicep.references import expressions, used_names
from scripts.bicep.tree import Array, Call, Deployable, For, Name, Property, Resource, Text

CLOUD_HOSTS = (
    "azuredatalakeanalytics.net",
    "azuredatalakestore.net",
    "core.windows.net",
    "database.windows.net",
    "datalake.azure.net",
    "gallery.azure.com",
    "graph.windows.net",
    "login.microsoftonline.com",
    "management.azure.com",
    "vault.azure.net",
)


class StyleCheck(FileCheck):
    def style(self) -> None:
        for d in self.file.declarations:
            quiet = {id(n) for x in d.decorators for n in x.walk()} | {
                id(n.key) for n in d.walk() if isinstance(n, Property)
            }
            for node, local in expressions(d):
                if id(node) not in quiet:
                    self.style_of(node, local)
        for node in self.nodes():
            if (
                isinstance(node, Property)
                and isinstance(node.key, Text)
                and re.fullmatch(r"[A-Za-z_]\w*", node.key.value or "")
            ):
                self.warn(node.key, "prefer-unquoted-property-names", f"{node.key.value!r} needs no quotes")
        for resource, _ in self.resources:
            location = resource.object and resource.object.properties.get("location")
            if location and isinstance(location.value, Text) and location.value.value not in (None, "global"):
                self.warn(location, "no-hardcoded-location", "location is a literal: make it a parameter")
        for d in [*(r for r, _ in self.resources), *self.file.modules.values()]:
            self.depends_on(d)

    def style_of(self, node: Node, local: frozenset[str]) -> None:
        self.local = local
        if isinstance(node, Text):
            literal = " ".join(p for p in node.parts if isinstance(p, str))
            for host in CLOUD_HOSTS:
                if (
                    re.search(rf"(?<![a-z0-9]){re.escape(host)}(?![a-z0-9])", literal, re.I)
                    and "schema.management.azure.com" not in literal
                ):
                    self.warn(
                        node,
                        "no-hardcoded-env-urls",
                        f"{host} differs between clouds: use environment() or a property of the resource",
                    )
                    break
            if len(node.parts) == 1 and isinstance(node.parts[0], Node) and self.shape(node.parts[0]).plain == "string":
                self.warn(
                    node,
                    "simplify-interpolation",
                    f"{self.file.text_of(node)} is just {self.file.text_of(node.parts[0])}",
                )
        elif (
            isinstance(node, Call)
            and node.name == "concat"
            and node.target is None
            and any(self.shape(a).plain == "string" for a in node.args)
        ):
            self.warn(node, "prefer-interpolation", "use '${a}${b}' instead of concat()")
        self.local = frozenset()

    def depends_on(self, d: Deployable) -> None:
        listed = d.object and d.object.properties.get("dependsOn")
        if not listed or not isinstance(listed.value, Array) or isinstance(d.body, For):
            return
        implied = self.implied(d)
        for item in listed.value.items:
            if isinstance(item, Name) and item.name in implied and self.shape(item).plain != "array":
                self.warn(
                    item, "no-unnecessary-dependson", f"{d.name} depends on {item.name} anyway, as it refers to it"
                )

    def implied(self, d: Deployable) -> set[str]:
        """Return what a resource or module depends on without its dependsOn, through others too."""
        entries = d.object.entries if d.object else []
        kept = [p for p in entries if not (isinstance(p, Property) and p.name == "dependsOn")]
        todo = {name for p in kept for name in used_names(p)}
        found: set[str] = set()
        while todo - found:
            name = (todo - found).pop()
            found.add(name)
            other = self.file.vars.get(name) or self.file.resources.get(name) or self.file.modules.get(name)
            if other is not None and other is not d and not (isinstance(other, Resource) and other.existing):
                todo |= used_names(other)
        return found
