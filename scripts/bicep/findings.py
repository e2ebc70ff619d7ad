"""What a check finds, and what all checks of a file share."""

from __future__ import annotations

import contextlib
import difflib
import pathlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.references import nested_resources
from scripts.bicep.resource_types import Types
from scripts.bicep.shape import ANY, NoSuchMember, Shape
from scripts.bicep.shapes import Shapes
from scripts.bicep.tree import For, Output, Setting


@dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    code: str
    message: str
    severity: str = "error"

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.severity} {self.code}: {self.message}"


def meant(name: str, known: Iterable[str]) -> str:
    """Return `, did you mean x?`, or nothing."""
    known = list(known)
    exact = [k for k in known if k.lower() == name.lower()]
    close = exact or difflib.get_close_matches(name, known, 1)
    return f", did you mean {close[0]!r}?" if close else ""


class FileCheck:
    """One file with all files of its project, for modules and imports."""

    def __init__(self, file: BicepFile, files: dict[pathlib.Path, BicepFile], types: Types, descriptions: bool):
        self.file, self.files, self.types, self.descriptions = file, files, types, descriptions
        self.shapes = Shapes(file, files, types)
        self.findings: set[Finding] = set()
        self.local: frozenset[str] = frozenset()  # loop variables in force where a value is being checked
        self.spread: Node | None = None  # the object whose spread is being checked
        self.lines = file.source.splitlines()
        self.resources = list(nested_resources(file))
        self.extensions = {d.name for d in file.settings if d.keyword == "extension"}
        self.symbols = (
            {d.name for d in file.declarations if d.name and not isinstance(d, Output | Setting)}
            | set(file.imports)
            | self.extensions
        )

    @contextlib.contextmanager
    def within(self, *loops: Node | None) -> Iterator[None]:
        before = self.local
        self.local |= {p for loop in loops if isinstance(loop, For) for p in loop.params}
        yield
        self.local = before

    def report(self, at: Node | int, code: str, message: str, severity: str = "error") -> None:
        # The compiler judges an object with a spread as a whole, and says so where the object begins.
        at = self.spread or at
        line = at if isinstance(at, int) else at.line
        if not self.suppressed(line, code):
            self.findings.add(Finding(str(self.file.path), line, code, message, severity))

    def warn(self, at: Node | int, code: str, message: str) -> None:
        self.report(at, code, message, "warning")

    def suppressed(self, line: int, code: str) -> bool:
        before = self.lines[line - 2].strip() if 1 < line <= len(self.lines) + 1 else ""
        if before.startswith("#disable-next-line") and code in before.split():
            return True
        state = False
        for text in self.lines[:line]:
            if text.lstrip().startswith(("#disable-diagnostics", "#restore-diagnostics")) and code in text.split():
                state = text.lstrip().startswith("#disable")
        return state

    def nodes(self) -> Iterator[Node]:
        for d in self.file.declarations:
            yield from d.walk()

    def shape(self, node: Node) -> Shape:
        try:
            return self.shapes.of(node, self.local)
        except NoSuchMember:
            return ANY
