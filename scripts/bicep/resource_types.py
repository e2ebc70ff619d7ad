"""Azure resource types, reduced from Azure/bicep-types-az (MIT): the folder `types` beside this file, whose NOTICE says more."""

from __future__ import annotations

import difflib
import functools
import gzip
import json
import pathlib
from dataclasses import dataclass
from typing import Any

FOLDER = pathlib.Path(__file__).resolve().with_name("types")
SCOPES = {"tenant": 1, "managementGroup": 2, "subscription": 4, "resourceGroup": 8, "extension": 16}
READ_ONLY, WRITE_ONLY, REQUIRED = 2, 4, 1


@dataclass(frozen=True)
class Member:
    """A property of an object type."""

    type: Type
    flags: int = 0
    description: str = ""

    @property
    def required(self) -> bool:
        return bool(self.flags & REQUIRED) and not self.read_only

    @property
    def read_only(self) -> bool:
        return bool(self.flags & READ_ONLY)


class Type:
    """One type and the table that its references point into."""

    def __init__(self, table: list[Any], data: dict[str, Any]):
        self.table, self.data = table, data
        self.kind: str = data["$type"].removesuffix("Type")  # Any Array Boolean Object String ...

    def follow(self, ref: dict[str, str]) -> Type:
        return Type(self.table, self.table[int(ref["$ref"].removeprefix("#/"))])

    def members(self, raw: dict[str, Any]) -> dict[str, Member]:
        return {
            name: Member(self.follow(p["type"]), p.get("flags", 0), p.get("description", "")) for name, p in raw.items()
        }

    @functools.cached_property
    def properties(self) -> dict[str, Member]:
        """Return the properties of an object; of a discriminated one those that all its variants share."""
        return self.members(self.data.get("properties") or self.data.get("baseProperties") or {})

    @functools.cached_property
    def additional(self) -> Type | None:
        extra = self.data.get("additionalProperties")
        return self.follow(extra) if extra else None

    @property
    def discriminator(self) -> str:
        return str(self.data.get("discriminator", ""))

    @functools.cached_property
    def variants(self) -> dict[str, Type]:
        """Return the types of a discriminated object, shared properties included, by the value of the discriminator."""
        variants = {}
        for value, ref in (self.data["elements"] if self.kind == "DiscriminatedObject" else {}).items():
            variants[value] = variant = self.follow(ref)
            variant.properties = self.properties | variant.properties
        return variants

    @functools.cached_property
    def item(self) -> Type:
        return self.follow(self.data["itemType"])

    @functools.cached_property
    def choices(self) -> tuple[list[str], bool]:
        """Return the allowed strings, and whether any other is accepted too; ([], True) if this is no choice of strings."""
        if self.kind == "StringLiteral":
            return [self.data["value"]], False
        if self.kind != "Union":
            return [], True
        members = [self.follow(ref) for ref in self.data["elements"]]
        return [m.data["value"] for m in members if m.kind == "StringLiteral"], any(
            m.kind != "StringLiteral" for m in members
        )

    @property
    def plain(self) -> str:
        """The plain type: string, int, bool, array, object or any."""
        if self.kind == "Union":
            inner = {self.follow(ref).plain for ref in self.data["elements"]}
            return inner.pop() if len(inner) == 1 else "any"
        return {
            "String": "string",
            "StringLiteral": "string",
            "Integer": "int",
            "Boolean": "bool",
            "Array": "array",
            "Object": "object",
            "DiscriminatedObject": "object",
        }.get(self.kind, "any")

    def child(self, name: str) -> Type | None:
        """Return the type of a property; None where it is not known. Raises KeyError when there is no such property."""
        if self.kind == "DiscriminatedObject":
            found = [v.properties[name].type for v in [self, *self.variants.values()] if name in v.properties]
            if not found:
                raise KeyError(name)
            return found[0] if len(found) == 1 or name in self.properties else None
        if self.kind != "Object":
            return None
        if name in self.properties:
            return self.properties[name].type
        if self.additional:
            return self.additional
        raise KeyError(name)


@dataclass(frozen=True)
class ResourceType:
    name: str  # Microsoft.Web/sites@2024-11-01, as upstream spells it
    body: Type
    readable: int  # bits of SCOPES
    writable: int


class Types:
    def __init__(self) -> None:
        self.index: dict[str, dict[str, Any]] = json.loads(gzip.decompress((FOLDER / "index.json.gz").read_bytes()))
        self.loaded: dict[str, dict[str, ResourceType]] = {}

    def versions(self, base: str) -> list[str]:
        """Return every API version that exists, oldest first."""
        return list(self.index.get(base.lower(), {}).get("versions", []))

    def stored(self, base: str) -> list[str]:
        """Return the API versions whose shape is stored here."""
        return sorted(self.index.get(base.lower(), {}).get("stored", {}))

    def newest_ga(self, base: str) -> str:
        return max((v for v in self.versions(base) if not v.endswith("preview")), default="")

    def similar(self, base: str) -> str:
        found = difflib.get_close_matches(base.lower(), self.index, 1)
        return self.index[found[0]]["name"] if found else ""

    def load(self, file: str) -> dict[str, ResourceType]:
        if file not in self.loaded:
            self.loaded[file] = self._read(file)
        return self.loaded[file]

    def _read(self, file: str) -> dict[str, ResourceType]:
        found = {}
        for table in json.loads(gzip.decompress((FOLDER / file).read_bytes())):
            for data in table:
                if data["$type"] == "ResourceType":
                    body = Type(table, data).follow(data["body"])
                    found[data["name"].lower()] = ResourceType(
                        data["name"], body, data.get("readableScopes", 31), data.get("writableScopes", 31)
                    )
        return found

    def resource(self, base: str, version: str) -> ResourceType | None:
        """Return a type; None if that version of it is not stored."""
        file = self.index.get(base.lower(), {}).get("stored", {}).get(version.lower())
        return self.load(file)[f"{base}@{version}".lower()] if file else None
