"""Parameter files against the parameters of their template."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator

from tools.bicep.file import BicepFile
from tools.bicep.findings import Finding, meant
from tools.bicep.resource_types import Types
from tools.bicep.shapes import Shape, Shapes
from tools.bicep.tree import Bool, Number, Text


def parameter_files(root: pathlib.Path, files: dict[pathlib.Path, BicepFile], types: Types) -> Iterator[Finding]:
    for path in sorted([*root.rglob("*.parameters.json"), *root.rglob("*.bicepparam")]):
        if path.suffix == ".bicepparam":
            parsed = BicepFile(path)
            yield from (Finding(str(path), line, "syntax", message) for line, message in parsed.errors)
            using = next((s.value for s in parsed.settings if s.keyword == "using"), None)
            target = path.parent / using.value if isinstance(using, Text) and using.value else None
            given = {s.name: s.line for s in parsed.settings if s.keyword == "param"}
            values = {
                s.name: s.value.value
                for s in parsed.settings
                if s.keyword == "param" and isinstance(s.value, Text | Bool | Number)
            }
        else:
            target = path.with_name(path.name.replace(".parameters.json", ".bicep"))
            if not target.is_file() and target.with_suffix(".json").is_file():  # parameters of an ARM template
                continue
            try:
                parameters = json.loads(path.read_text()).get("parameters", {})
            except ValueError as error:
                yield Finding(str(path), 1, "json", str(error))
                continue
            text = path.read_text().splitlines()
            given = {k: next((i for i, line in enumerate(text, 1) if f'"{k}"' in line), 1) for k in parameters}
            values = {k: v["value"] for k, v in parameters.items() if isinstance(v, dict) and "value" in v}
        file = files.get(target.resolve()) if target else None
        if file is None:
            yield Finding(str(path), 1, "BCP091", f"the template of this parameter file was not found: {target}")
            continue
        for name, line in given.items():
            if name not in file.params:
                yield Finding(
                    str(path), line, "BCP259", f"{file.path.name} has no parameter {name!r}" + meant(name, file.params)
                )
            elif name in values and (
                problem := unsuitable(values[name], Shapes(file, files, types).parameter(file, name))
            ):
                yield Finding(str(path), line, "BCP033", f"{name}: {problem}")
        missing = [n for n, p in file.params.items() if p.required and n not in given]
        if missing:
            yield Finding(str(path), 1, "BCP258", f"required {', '.join(missing)} missing")


def unsuitable(value: object, shape: Shape) -> str:
    """Why a parameter cannot have this JSON value; values such as ${AZURE_LOCATION} are filled in later."""
    if isinstance(value, str) and "${" in value:
        return ""
    plain = {bool: "bool", int: "int", str: "string", list: "array", dict: "object"}.get(type(value))
    if plain and shape.plain in ("string", "int", "bool", "array", "object") and plain != shape.plain:
        return f"{shape.plain} expected, {plain} given"
    if isinstance(value, str) and shape.choices and value not in shape.choices:
        return f"{value!r} is not one of {list(shape.choices)}"
    return ""
