"""Resources: their type and API version, name, parent and scope; and modules: their contract."""

from __future__ import annotations

import datetime
import re

from scripts.bicep.check_values import ValueCheck
from scripts.bicep.file import BicepFile
from scripts.bicep.findings import meant
from scripts.bicep.node import Node
from scripts.bicep.references import expressions
from scripts.bicep.resource_types import SCOPES
from scripts.bicep.run_time import run_time
from scripts.bicep.shapes import Shapes
from scripts.bicep.tree import Call, Deployable, Module, NotNull, Object, Property, Resource, Text

SCOPE_FUNCTIONS = {
    "resourceGroup": "resourceGroup",
    "subscription": "subscription",
    "managementGroup": "managementGroup",
    "tenant": "tenant",
}

# When the API versions of the templates were last looked through.
LAST_REVIEW = datetime.date(2026, 11, 27)
UNDER_PARAMETERS = ("name", "params", "scope", "dependsOn", "identity", "extensionConfigs")


class ResourceCheck(ValueCheck):
    def resource(self, resource: Resource, parents: list[Resource]) -> None:
        full = self.shapes.full_types[resource]
        base, _, version = full.partition("@")
        if resource.type is None or resource.type.value is None:
            return self.report(resource, "BCP047", "a resource type is a literal string")
        if not version:
            return self.report(resource, "BCP029", f"{full!r} has no @apiVersion")
        self.placement(resource, parents, base)
        if base.startswith("Microsoft.Graph/"):
            return self.warn(resource, "no-data", f"{base} comes from an extension and is not checked")
        found = self.types.resource(base, version)
        if found is None:
            return self.unknown_type(resource, base, version)
        self.age(resource, base, version)
        self.scope(resource, parents, found.readable if resource.existing else found.writable, base)
        body = resource.object
        type_ = self.shapes.resource_type(resource)
        if body and type_:
            self.object(body, type_, base.split("/")[-1], existing=resource.existing, top=True)
        return None

    def unknown_type(self, resource: Resource, base: str, version: str) -> None:
        if version.lower() in self.types.versions(base):
            stored = ", ".join(self.types.stored(base)) or "none"
            self.report(
                resource,
                "no-data",
                f"{base}@{version} exists, but its shape is not stored and nothing below is checked; stored: {stored}",
            )
        elif self.types.versions(base):
            self.report(
                resource,
                "BCP081",
                f"{base} has no API version {version}; there are {', '.join(self.types.versions(base)[-4:])}",
            )
        else:
            similar = self.types.similar(base)
            self.report(
                resource,
                "BCP081",
                f"{base}: no such resource type among those stored" + (f", did you mean {similar}?" if similar else ""),
            )

    def age(self, resource: Resource, base: str, version: str) -> None:
        """Warn of a version that is old and not the newest.

        What is old is counted from a fixed day, so that a template does not age by itself.
        """
        old = date(version) < LAST_REVIEW - datetime.timedelta(days=3 * 365)
        if old and (version.endswith("preview") or version != self.types.newest_ga(base)):
            newest = self.types.newest_ga(base)
            self.warn(resource, "use-recent-api-versions", f"{base}@{version} is old; newest GA is {newest}")

    def placement(self, resource: Resource, parents: list[Resource], base: str) -> None:
        """Check that name and parent agree with the number of segments of the type, and that the name is known at start."""
        body = resource.object
        if body is None:
            return
        properties = body.properties
        for key in () if resource.existing else ("name", "scope"):
            if key in properties and (part := run_time(self.file, properties[key].value, self.local)):
                self.report(
                    properties[key], "BCP120", f"{key} must be known at the start of the deployment, but {part} is not"
                )
        self.known_at_start(resource)
        parent = properties.get("parent")
        if parent:
            self.parent(parent, base)
        if "name" in properties:
            self.name_of(resource, properties["name"].value, base, nested=bool(parent or parents))

    def parent(self, parent: Property, base: str) -> None:
        shape = self.shape(parent.value)
        expected = base.rsplit("/", 1)[0].lower()
        if shape.plain == "resource":
            given = self.shapes.full_types[shape.detail].partition("@")[0]
            if given.lower() != expected:
                self.report(parent, "BCP036", f"the parent of {base} is a {expected}, not a {given}")

    def name_of(self, resource: Resource, name: Node, base: str, nested: bool) -> None:
        slashes = "".join(p for p in name.parts if isinstance(p, str)).count("/") if isinstance(name, Text) else 0
        wanted = 0 if nested else base.count("/") - 1
        if isinstance(name, Text) and slashes != wanted and not (slashes < wanted and name.value is None and slashes):
            message = f"name of {base}{' with a parent' if nested else ''} has {slashes} '/' and needs {wanted}"
            self.report(name, "BCP170" if nested else "BCP169", message)
        elif slashes and not nested and not resource.existing:
            self.warn(name, "use-parent-property", f"{resource.name}: set parent: instead of a name with a slash")
        for node, _ in expressions(name):
            if isinstance(node, Call) and node.name in ("newGuid", "utcNow"):
                message = f"{node.name}() gives a new name on every deployment"
                self.warn(name, "use-stable-resource-identifiers", message)

    def known_at_start(self, d: Deployable) -> None:
        if d.condition and (part := run_time(self.file, d.condition, self.local)):
            self.report(
                d.condition, "BCP120", f"the condition must be known at the start of the deployment, but {part} is not"
            )

    def scope(self, resource: Resource, parents: list[Resource], allowed: int, base: str) -> None:
        body = resource.object
        if body is None or parents or "parent" in body.properties:
            return
        given = body.properties.get("scope")
        if given is None:
            if not allowed & SCOPES.get(self.file.scope, 31):
                names = [name for name, bit in SCOPES.items() if allowed & bit]
                self.report(
                    resource,
                    "BCP135",
                    f"{base} cannot be deployed at scope {self.file.scope} (only {', '.join(names) or 'read'})",
                )
            return
        scope, current = self.scope_of(given.value)
        if resource.existing or not scope:
            return
        if scope == "extension":
            if not allowed & SCOPES["extension"]:
                self.report(
                    given,
                    "BCP139",
                    f"{base} is not an extension resource: it cannot have another resource as its scope; did you mean parent?",
                )
        elif not current and not (scope == "tenant" and allowed & SCOPES["tenant"]):
            self.report(
                given, "BCP139", "a resource's scope must be that of its file; deploy it from a module with that scope"
            )

    def scope_of(self, node: Node) -> tuple[str, bool]:
        """Return the kind of scope, empty when not known, and whether it is the file's own."""
        if isinstance(node, Call) and node.target is None and node.name in SCOPE_FUNCTIONS:
            return SCOPE_FUNCTIONS[node.name], not node.args and node.name == self.file.scope
        if isinstance(node, NotNull):
            return self.scope_of(node.target)
        shape = self.shape(node)
        if shape.plain == "resource":
            base = self.shapes.full_types.get(shape.detail, "").partition("@")[0].lower()
            special = {
                "microsoft.resources/resourcegroups": "resourceGroup",
                "microsoft.management/managementgroups": "managementGroup",
            }
            return special.get(base, "extension"), False
        return "", False

    def module(self, module: Module) -> None:
        path = module.path.value if module.path else None
        if path is None:
            return self.report(module, "BCP092", "a module path is a literal string")
        if re.match(r"(br|ts)[:/]", path):
            return self.warn(module, "remote-module", f"{path} is not checked: it has to be downloaded")
        other, body = self.shapes.other(module.path), module.object
        self.known_at_start(module)
        if other is None:
            return self.report(module, "BCP091", f"cannot read module {path}")
        if body is None or other.errors:
            return None
        for name, entry in body.properties.items():
            if name not in UNDER_PARAMETERS:
                self.report(
                    entry.key, "BCP037", f"module {path}: {name!r} is not a property" + meant(name, UNDER_PARAMETERS)
                )
            if name in ("name", "scope") and (part := run_time(self.file, entry.value, self.local)):
                self.report(
                    entry,
                    "BCP120",
                    f"{name} of a module must be known at the start of the deployment, but {part} is not",
                )
        self.module_scope(module, other)
        params = body.properties.get("params")
        given = params.value if params else Object([], line=module.line)
        if isinstance(given, Object):
            self.module_parameters(module, path, given, other)
        return None

    def module_parameters(self, module: Module, path: str, given: Object, other: BicepFile) -> None:
        shapes = Shapes(other, self.files, self.types)
        for name, entry in given.properties.items():
            declared, where = other.params.get(name), f"{path}.{name}"
            if declared is None:
                self.report(entry.key, "BCP037", f"{path} has no parameter {name!r}" + meant(name, other.params))
                continue
            wanted = shapes.parameter(other, name)
            self.fits(entry.value, wanted, where)
            self.bounded(entry.value, declared.decorators, where)
            self.not_null(entry.value, declared.type, wanted, where, declared.default)
        missing = [name for name, param in other.params.items() if param.required and name not in given.properties]
        if missing and not given.open:
            self.report(module, "BCP035", f"module {path}: required {', '.join(missing)} missing")

    def module_scope(self, module: Module, other: BicepFile) -> None:
        given = module.object.properties.get("scope") if module.object else None
        scope = self.scope_of(given.value)[0] if given else self.file.scope
        if scope and scope != other.scope:
            what = f"scope {scope}" if given else f"this file's scope {scope}, since it sets none"
            self.report(
                given or module,
                "BCP134",
                f"{module.name} is for scope {other.scope} and is deployed at {what}",
            )


def date(version: str) -> datetime.date:
    return datetime.date.fromisoformat(version[:10])
