"""The functions that take a lambda."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from scripts.bicep.node import Node
from scripts.bicep.values import Refused

HIGHER: Final = frozenset({"map", "filter", "reduce", "toObject", "mapValues"})


def applied(
    name: str, source: Any, rest: Sequence[Node], apply: Callable[..., Any], value: Callable[[Node], Any]
) -> Any:
    """Return what a function makes of its first argument.

    Args:
        name: One of HIGHER.
        source: The value of the first argument.
        rest: The others.
        apply: Calls a lambda with values.
        value: Returns the value of an argument that is none.

    Raises:
        Refused: It takes another number of arguments.
    """
    match name, rest:
        case "map", [function]:
            return [apply(function, one, i) for i, one in enumerate(source)]
        case "filter", [function]:
            return [one for i, one in enumerate(source) if apply(function, one, i)]
        case "reduce", [start, function]:
            result = value(start)
            for i, one in enumerate(source):
                result = apply(function, result, one, i)
            return result
        case "mapValues", [function]:
            return {key: apply(function, one) for key, one in source.items()}
        case "toObject", [key, *others]:
            return _keyed([(apply(key, one), apply(others[0], one) if others else one) for one in source])
    raise Refused(f"{name}() has the wrong number of arguments")


def _keyed(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key, value in pairs:
        if key.lower() in {other.lower() for other in result}:
            raise Refused(
                "The lambda expression parameter at index '1' of function 'toObject' returned a duplicate key "
                f"'{key}'. Object keys must be strings that are case-insensitively unique."
            )
        result[key] = value
    return result
