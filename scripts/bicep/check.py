"""Check Bicep without its compiler: syntax, names, resource types and properties, module contracts, scopes, linter rules.

`python -m scripts.bicep.check infra`. Codes are the compiler's where it has one, so `#disable-next-line CODE` works for both.
"""

from __future__ import annotations

import pathlib
import sys

from scripts.bicep.check_names import NameCheck
from scripts.bicep.check_resources import ResourceCheck
from scripts.bicep.check_style import StyleCheck
from scripts.bicep.file import BicepFile
from scripts.bicep.findings import Finding
from scripts.bicep.parameter_files import parameter_files
from scripts.bicep.resource_types import Types


class Checker(NameCheck, ResourceCheck, StyleCheck):
    """The checks on one file; `files` are all files of the project, for modules and imports."""

    def run(self) -> set[Finding]:
        for line, message in self.file.errors:
            self.report(line, "syntax", message)
        if self.file.errors:  # what did not parse would be missed everywhere else
            return self.findings
        self.declarations()
        self.names()
        self.cycles()
        for resource, parents in self.resources:
            with self.within(resource.body, *(p.body for p in parents)):
                self.resource(resource, parents)
        for module in self.file.modules.values():
            with self.within(module.body):
                self.module(module)
        self.call_arguments()
        self.same_names()
        self.loops()
        for param in self.file.params.values():
            self.parameter(param)
        for output in self.file.outputs.values():
            self.output(output)
        self.style()
        return self.findings


def read_files(paths: list[pathlib.Path]) -> dict[pathlib.Path, BicepFile]:
    found = {}
    for path in paths:
        for file in sorted(path.rglob("*.bicep")) if path.is_dir() else [path]:
            found[file.resolve()] = BicepFile(file)
    return found


def check(paths: list[pathlib.Path], types: Types | None = None, descriptions: bool = False) -> list[Finding]:
    """Return all findings, by file and line. paths: folders or .bicep files; modules outside them are not found."""
    types = types or Types()
    files = read_files(paths)
    findings = {f for file in files.values() for f in Checker(file, files, types, descriptions).run()}
    for path in paths:
        if path.is_dir():
            findings.update(parameter_files(path, files, types))
    return sorted(findings)


def main() -> int:
    """Print the findings in the files and folders of the command line; 1 when there are any."""
    findings = check([pathlib.Path(path) for path in sys.argv[1:]], descriptions=True)
    print(*findings, sep="\n", end="\n" if findings else "")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
