"""Files of parameters (`main.parameters.json`) against the parameters of their template."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

from scripts.bicep.file import BicepFile
from scripts.bicep.findings import Finding, meant
from scripts.bicep.resource_types import Types
from scripts.bicep.shape import Shape
from scripts.bicep.shapes import Shapes


def parameter_files(root: pathlib.Path, files: dict[pathlib.Path, BicepFile], types: Types) -> Iterator[Finding]:
    for path in sorted(root.rglob("*.parameters.json")):
        template = files.get(path.with_name(path.name.replace(".parameters.json", ".bicep")).resolve())
        if template is None:
            yield Finding(str(path), 1, "BCP091", "the template of this parameter file was not found")
            continue
        given = json.loads(path.read_text(encoding="utf-8"))["parameters"]
        yield from _of_file(path, given, template, Shapes(template, files, types))


def _of_file(path: pathlib.Path, given: dict[str, Any], template: BicepFile, shapes: Shapes) -> Iterator[Finding]:
    lines = path.read_text(encoding="utf-8").splitlines()
    for name, stated in given.items():
        line = next(i for i, text in enumerate(lines, 1) if f'"{name}"' in text)
        if name not in template.params:
            message = f"{template.path.name} has no parameter {name!r}" + meant(name, template.params)
            yield Finding(str(path), line, "BCP259", message)
        elif problem := _unsuitable(stated.get("value"), shapes.parameter(template, name)):
            yield Finding(str(path), line, "BCP033", f"{name}: {problem}")
    missing = [name for name, param in template.params.items() if param.required and name not in given]
    if missing:
        yield Finding(str(path), 1, "BCP258", f"required {', '.join(missing)} missing")


def _unsuitable(value: object, shape: Shape) -> str:
    """Why a parameter cannot have this JSON value; values such as ${AZURE_LOCATION} are filled in later."""
    if isinstance(value, str) and "${" in value:
        return ""
    plain = {bool: "bool", int: "int", str: "string", list: "array", dict: "object"}.get(type(value))
    if plain and shape.plain in ("string", "int", "bool", "array", "object") and plain != shape.plain:
        return f"{shape.plain} expected, {plain} given"
    if isinstance(value, str) and shape.choices and value not in shape.choices:
        return f"{value!r} is not one of {list(shape.choices)}"
    return ""
