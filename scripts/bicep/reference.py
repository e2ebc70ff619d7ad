"""A resource that an expression names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scripts.bicep.place import resource_id
from scripts.bicep.tree import Resource
from scripts.bicep.values import Unknown, called, interpolated

if TYPE_CHECKING:
    from scripts.bicep.evaluator import Evaluator


class Reference:
    """One resource of a file, deployed or existing. symbol: how the files name it, such as `app.site::settings`."""

    def __init__(
        self, evaluator: Evaluator, resource: Resource, parents: list[Resource], local: dict[str, Any], symbol: str
    ):
        self.evaluator, self.resource, self.parents, self.local, self.symbol = (
            evaluator,
            resource,
            parents,
            local,
            symbol,
        )

    @property
    def type(self) -> str:
        return self._type_and_version[0]

    @property
    def api_version(self) -> str:
        return self._type_and_version[2]

    @property
    def _type_and_version(self) -> tuple[str, str, str]:
        return self.evaluator.shapes.full_types[self.resource].partition("@")

    @property
    def own_name(self) -> Any:
        return self._property("name")

    @property
    def name(self) -> str:
        """The full name, the parents' names included."""
        parent = self.parent
        own = self.own_name
        return (
            interpolated([(True, parent.name), (False, "/"), (True, own)])
            if parent
            else str(own)
            if not isinstance(own, Unknown)
            else own
        )

    @property
    def parent(self) -> Reference | None:
        if self.parents:
            return self.evaluator.reference(self.parents[-1], self.parents[:-1], self.local)
        found = self._property("parent")
        return found if isinstance(found, Reference) else None

    @property
    def scope(self) -> str:
        """The id of what it is deployed to or sits on."""
        found = self._property("scope")
        return found.id if isinstance(found, Reference) else self.evaluator.place.id

    @property
    def id(self) -> str:
        name = self.name
        if not isinstance(name, Unknown):
            return resource_id(self.scope, self.type, name.split("/"))
        return Unknown.of(called("extensionResourceId", self.scope, self.type, name))

    def member(self, name: str) -> Any:
        match name:
            case "id":
                return self.id
            case "name":
                return self.own_name
            case "type":
                return self.type
            case "properties":
                return Unknown.of(called("reference", self.id, self.api_version))
        return Unknown.of(called("reference", self.id, self.api_version, "full")).member(name)

    def _property(self, name: str) -> Any:
        body = self.resource.object
        found = body.properties.get(name) if body else None
        return self.evaluator.value(found.value, self.local) if found else None
