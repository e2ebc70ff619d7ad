"""The values of parameters against what a template says of them, as Resource Manager does before it deploys anything."""

from __future__ import annotations

from typing import Any, Final

from scripts.bicep.file import BicepFile
from scripts.bicep.node import Node
from scripts.bicep.shapes import Shapes
from scripts.bicep.tree import Array, Bool, Call, Name, Null, Number, Text, Unary
from scripts.bicep.type_tree import ListType, Nullable, ObjectType, Union
from scripts.bicep.values import Refused, Unknown

_PYTHON: Final[dict[str, type]] = {"string": str, "int": int, "bool": bool, "array": list, "object": dict}


def checked(params: dict[str, Any], shapes: Shapes) -> None:
    """Check the given parameters.

    Raises:
        Refused: A parameter is missing or unknown, or has a value that it may not have.
    """
    file = shapes.file
    for name in params:
        if name not in file.params:
            raise Refused(f"{file.path.name} has no parameter '{name}'")
    for name, declared in file.params.items():
        value = params.get(name)
        if value is not None:
            check_value(value, declared.type, file, shapes, declared.decorators, name)
        elif declared.required:
            raise Refused(f"The value for the template parameter '{name}' is not provided")


def check_value(
    value: Any, type_: Node | None, file: BicepFile, shapes: Shapes, decorators: list[Call], where: str
) -> None:
    """Check a value against a type as written, however deep. What only a deployment knows is not judged. Raises Refused."""
    if isinstance(value, Unknown):
        return
    _check_decorators(value, decorators, where)
    match type_:
        case Name(name=name) if name in _PYTHON:
            kind = bool if isinstance(value, bool) else type(value)
            if kind is not _PYTHON[name]:
                raise Refused(f"{where}: expected a value of type '{name}', but {_shown(value)} is none")
        case Name(name=name):
            _check_named(value, name, file, shapes, where)
        case ListType(item=item):
            check_value(value, Name("array"), file, shapes, [], where)
            for i, one in enumerate(value):
                check_value(one, item, file, shapes, [], f"{where}[{i}]")
        case ObjectType():
            _check_object(value, type_, file, shapes, where)
        case Nullable(inner=inner):
            if value is not None:
                check_value(value, inner, file, shapes, [], where)
        case Union() | Text() | Number() | Bool() | Null():
            choices = [_constant(one) for one in (type_.members if isinstance(type_, Union) else [type_])]
            if value not in choices:
                raise Refused(f"{where}: expected one of {choices}, but the provided value is {_shown(value)}")


def _check_named(value: Any, name: str, file: BicepFile, shapes: Shapes, where: str) -> None:
    """Return a type that this file declares or imports."""
    if name in file.types:
        check_value(value, file.types[name].type, file, shapes, file.types[name].decorators, where)
    elif name in file.imports:
        imported = file.imports[name]
        other = Shapes(file, shapes.files, None).other(imported.path)
        if other is not None:
            _check_named(value, imported.names[name], other, shapes, where)


def _check_object(value: Any, type_: ObjectType, file: BicepFile, shapes: Shapes, where: str) -> None:
    check_value(value, Name("object"), file, shapes, [], where)
    declared = {field.name: field for field in type_.fields}
    for name in value.keys() - declared.keys():
        if "*" in declared:
            check_value(value[name], declared["*"].type, file, shapes, declared["*"].decorators, f"{where}.{name}")
    for field in type_.fields:
        if field.name != "*" and (value.get(field.name) is not None or not isinstance(field.type, Nullable)):
            if field.name not in value:
                raise Refused(f"{where}: the property '{field.name}' is missing")
            check_value(value[field.name], field.type, file, shapes, field.decorators, f"{where}.{field.name}")


def _check_decorators(value: Any, decorators: list[Call], where: str) -> None:
    size = len(value) if isinstance(value, str | list) else value
    for one in decorators:
        limit: Any = _constant(one.args[0]) if one.args else None
        match one.name:
            case "allowed" if value not in limit:
                raise Refused(f"{where}: expected one of {limit}, but the provided value is {_shown(value)}")
            case "minLength" if size < limit:
                raise Refused(f"{where}: the length of {_shown(value)} must be at least {limit}")
            case "maxLength" if size > limit:
                raise Refused(f"{where}: the length of {_shown(value)} must be at most {limit}")
            case "minValue" if size < limit:
                raise Refused(f"{where}: {value} must be at least {limit}")
            case "maxValue" if size > limit:
                raise Refused(f"{where}: {value} must be at most {limit}")


def _constant(node: Node) -> Any:
    match node:
        case Text() | Number() | Bool():
            return node.value
        case Unary(op="-", operand=Number(value=value)):
            return -value
        case Array():
            return [_constant(one) for one in node.items]
    return None


def _shown(value: Any) -> str:
    return repr(value) if not isinstance(value, dict | list) else f"a value of type {type(value).__name__}"
