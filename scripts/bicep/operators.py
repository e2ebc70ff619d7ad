"""What the operators between two known values do."""

import operator
from collections.abc import Callable
from typing import Any, Final

from scripts.bicep.values import same

OPERATORS: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "==": same,
    "!=": lambda x, y: not same(x, y),
    "=~": lambda x, y: x.lower() == y.lower(),
    "!~": lambda x, y: x.lower() != y.lower(),
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda x, y: int(x / y),
    "%": operator.mod,
    "&&": lambda x, y: x and y,
    "||": lambda x, y: x or y,
}
