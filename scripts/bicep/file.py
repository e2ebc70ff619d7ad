"""A parsed file and what it declares."""

from __future__ import annotations

import pathlib
from functools import cache
from typing import TypeVar

from scripts.bicep.node import Node
from scripts.bicep.parser import Parser
from scripts.bicep.tree import (
    Declaration,
    Function,
    Import,
    Module,
    Output,
    Param,
    Resource,
    Setting,
    Text,
    TypeDeclaration,
    Var,
)

D = TypeVar("D", bound=Declaration)


@cache
def parsed(source: str) -> Parser:
    """Parse a text once: nine tenths of an evaluation would be reading the same text again."""
    return Parser(source)


class BicepFile:
    """A parsed file and what it declares, by name."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self.source = path.read_bytes().decode("utf-8-sig")
        parser = parsed(self.source)
        self.declarations, self.errors = parser.declarations, parser.errors
        self.params: dict[str, Param] = self.of(Param)
        self.vars: dict[str, Var] = self.of(Var)
        self.outputs: dict[str, Output] = self.of(Output)
        self.resources: dict[str, Resource] = self.of(Resource)
        self.modules: dict[str, Module] = self.of(Module)
        self.functions: dict[str, Function] = self.of(Function)
        self.types: dict[str, TypeDeclaration] = self.of(TypeDeclaration)
        self.imports: dict[str, Import] = {
            alias: d for d in self.declarations if isinstance(d, Import) for alias in d.names
        }
        self.settings: list[Setting] = [d for d in self.declarations if isinstance(d, Setting)]

    def of(self, kind: type[D]) -> dict[str, D]:
        return {d.name: d for d in self.declarations if isinstance(d, kind)}

    @property
    def scope(self) -> str:
        """The scope of the file; resourceGroup by default."""
        for setting in self.settings:
            if setting.keyword == "targetScope" and isinstance(setting.value, Text):
                return setting.value.value or "resourceGroup"
        return "resourceGroup"

    def text_of(self, node: Node) -> str:
        return self.source[node.start : node.end]
