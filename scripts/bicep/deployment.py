"""What a template would deploy, for given parameters.

Modules are followed, conditions and loops carried out, files loaded, names and ids made. What only a deployment knows stays an
expression in square brackets, such as `[reference('<id>', '2025-06-01').primaryEndpoints.blob]`.
"""

from __future__ import annotations

import pathlib
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from scripts.bicep.evaluator import Evaluator, Files, Local
from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.parameters import checked
from scripts.bicep.place import Place
from scripts.bicep.reference import Reference
from scripts.bicep.references import used_names
from scripts.bicep.tree import Deployable, For, If, Index, Name, NotNull, Object, Resource, Text
from scripts.bicep.values import Refused

Emitted = dict[str, Any]


class Template(Evaluator):
    """A file as a deployment. Raises Refused for parameters that it does not take."""

    def __init__(self, file: BicepFile, files: Files, params: Local, place: Place, prefix: str = ""):
        super().__init__(file, files, params, place, prefix)
        self.modules: dict[str, list[Template]] = {}
        checked(params, self.shapes)

    def bodies(self, declared: Deployable, outer: Local) -> Iterator[tuple[Object, Local]]:
        """Yield each instance that is deployed, with its local names; those whose condition is false are left out."""

        def guarded(body: Node | None, local: Local) -> tuple[Node | None, Local]:
            if isinstance(body, If):
                return (body.body if self.value(body.test, local) else None), local
            return body, local

        body = declared.body
        for found, local in self.looped(body, outer, guarded) if isinstance(body, For) else [guarded(body, outer)]:
            if isinstance(found, Object):
                yield found, local

    def instances(self, name: str) -> list[Template]:
        """Return the deployed instances of a module; none when its condition is false."""
        if name not in self.modules:
            self.modules[name] = list(self._instances(name))
        return self.modules[name]

    def _instances(self, name: str) -> Iterator[Template]:
        module = self.file.modules[name]
        other = self.shapes.other(module.path)
        if other is None:
            raise Refused(f"{self.file.path.name}:{module.line}: the file of module {name!r} is not there")
        for body, local in self.bodies(module, {}):
            stated = self.stated(body, local)
            scope = stated.get("scope")
            place = self.place.within(scope.id) if isinstance(scope, Reference) else self.place
            index = f"[{local['#']}]" if "#" in local else ""
            yield Template(other, self.files, stated.get("params", {}), place, f"{self.prefix}{name}{index}.")

    def module_outputs(self, node: Node, local: Local) -> Any:
        index = 0
        while isinstance(node, NotNull):
            node = node.target
        if isinstance(node, Index):
            index, node = self.value(node.index, local), node.target
        if not isinstance(node, Name) or node.name in local or node.name not in self.file.modules:
            return None
        instances = self.instances(node.name)
        if index >= len(instances):
            raise Refused(
                f"{self.file.path.name}:{node.line}: the outputs of {node.name!r} are read, which is not deployed"
            )
        return instances[index].outputs

    @cached_property
    def outputs(self) -> dict[str, Any]:
        return {name: self.value(output.value) for name, output in self.file.outputs.items()}

    def resources(self) -> Iterator[Emitted]:
        for name in self.file.modules:
            for instance in self.instances(name):
                yield from instance.resources()
        for resource in self.file.resources.values():
            yield from self.deployed(resource, [], {})

    def deployed(self, resource: Resource, parents: list[Resource], outer: Local) -> Iterator[Emitted]:
        """Yield a resource and those nested in it, as many as its loops say."""
        for body, local in self.bodies(resource, outer):
            if not resource.existing:
                yield self.emitted(resource, parents, body, local)
            for child in body.nested:
                yield from self.deployed(child, [*parents, resource], local)

    def emitted(self, resource: Resource, parents: list[Resource], body: Object, local: Local) -> Emitted:
        reference = self.reference(resource, parents, local)
        value = self.stated(body, local)
        own = {key: one for key, one in value.items() if key not in ("parent", "scope")}
        found: Emitted = {
            "type": reference.type,
            "apiVersion": reference.api_version,
            **own,
            "name": reference.name,
            "_symbol": reference.symbol,
            "_id": reference.id,
            "_file": self.file.path.name,
            "_line": resource.line,
        }
        if isinstance(value.get("parent"), Reference):
            found["_parent"] = value["parent"].symbol
        if isinstance(value.get("scope"), Reference):
            found["_scope"], found["_scope_type"] = value["scope"].id, value["scope"].type
        return found

    def stated(self, body: Object, local: Local) -> dict[str, Any]:
        """Return the properties of a resource or module, but for its order among the others."""
        entries = [one for one in body.entries if not isinstance(one, Resource)]
        return self.object(Object([one for one in entries if getattr(one, "name", "") != "dependsOn"]), local)

    def needs(self, symbol: str, seen: set[str] | None = None) -> set[str]:
        """Return the symbols of this file that must be complete before this one starts."""
        seen = set() if seen is None else seen
        file = self.file
        declaration = file.resources.get(symbol) or file.modules.get(symbol) or file.vars.get(symbol)
        for name in used_names(declaration) if declaration else ():
            if name not in seen:
                seen.add(name)
                self.needs(name, seen)
        return seen


class Deployment:
    """What a template deploys.

    Attributes:
        resources: One dict each, with type, apiVersion, name, properties and so on, and for policies _symbol, _id, _scope,
            _scope_type, _parent, _file and _line.
        outputs: The outputs of the main file.
    """

    def __init__(self, main: Template):
        self.main = main
        self.resources: list[Emitted] = list(main.resources())
        self.outputs = main.outputs

    def precedes(self, first: str, then: str) -> bool:
        """Return whether the resource with _symbol `first` is complete before the one with _symbol `then` starts."""
        template, one, two = self.main, first.split("."), then.split(".")
        while one[0] == two[0] and len(one) > 1 and len(two) > 1:
            name, _, index = one.pop(0).partition("[")
            two.pop(0)
            template = template.instances(name)[int(index[:-1]) if index[:-1].isdigit() else 0]
        a, b = (re.split(r"\[|::", path[0])[0] for path in (one, two))
        return a in template.needs(b) if a != b else then.startswith(first + "::")


def evaluate(path: pathlib.Path, params: Local, place: Place | None = None) -> Deployment:
    """Evaluate a template; modules and imports are looked for where it says. Raises Refused and SyntaxError."""
    files: Files = {}
    main = _read(path, files)
    for file in files.values():
        if file.errors:
            line, message = file.errors[0]
            raise SyntaxError(f"{file.path}:{line}: {message}")
    return Deployment(Template(main, files, params, place or Place()))


def _read(path: pathlib.Path, files: Files) -> BicepFile:
    path = path.resolve()
    if path not in files:
        files[path] = BicepFile(path)
        for declaration in files[path].declarations:
            other = getattr(declaration, "path", None)
            if isinstance(other, Text) and other.value and (path.parent / other.value).is_file():
                _read(path.parent / other.value, files)
    return files[path]
