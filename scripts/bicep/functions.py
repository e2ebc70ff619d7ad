"""The functions of the language, for values that are known."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from scripts.bicep.hashes import cidr_subnet, guid, unique_string
from scripts.bicep.values import Unknown, as_json, as_text, filled_in, interpolated, literal, same

Function = Callable[..., Any]

PUBLIC_CLOUD: Final[dict[str, Any]] = {
    "name": "AzureCloud",
    "resourceManager": "https://management.azure.com/",
    "portal": "https://portal.azure.com",
    "suffixes": {
        "storage": "core.windows.net",
        "sqlServerHostname": ".database.windows.net",
        "keyvaultDns": ".vault.azure.net",
        "acrLoginServer": ".azurecr.io",
    },
    "authentication": {
        "loginEndpoint": "https://login.microsoftonline.com/",
        "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
        "tenant": "common",
        "identityProvider": "AAD",
    },
}


def flat(lists: Iterable[list[Any]]) -> list[Any]:
    return [x for inner in lists for x in inner]


def distinct(values: list[Any]) -> list[Any]:
    found: list[Any] = []
    for value in values:
        if not any(same(value, other) for other in found):
            found.append(value)
    return found


def _merged(one: dict[str, Any], two: dict[str, Any]) -> dict[str, Any]:
    return one | {
        key: _merged(one[key], value) if isinstance(one.get(key), dict) and isinstance(value, dict) else value
        for key, value in two.items()
    }


def union(*values: Any) -> Any:
    """Merge objects deep, the last one winning; arrays as sets."""
    if all(isinstance(value, dict) for value in values):
        result: dict[str, Any] = {}
        for value in values:
            result = _merged(result, value)
        return result
    return distinct(flat(values))


def concat(*values: Any) -> Any:
    return flat(values) if isinstance(values[0], list) else interpolated([(True, value) for value in values])


def contains(where: Any, what: Any) -> bool:
    if isinstance(where, dict):
        return str(what).lower() in {key.lower() for key in where}
    return what in where


def _sorted_keys(value: dict[str, Any]) -> list[str]:
    return sorted(value, key=str.lower)


def _index_of(where: Any, what: Any) -> int:
    if isinstance(where, str):
        return where.lower().find(what.lower())
    return where.index(what) if what in where else -1


def _intersection(one: Any, two: Any) -> Any:
    return {k: v for k, v in one.items() if k in two} if isinstance(one, dict) else [v for v in one if v in two]


def _edge(at: int) -> Function:
    return lambda x: x[at] if x else None if isinstance(x, list) else ""


def _split(text: str, separators: str | list[str]) -> list[str]:
    wanted = separators if isinstance(separators, list) else [separators]
    return re.split("|".join(map(re.escape, wanted)), text)


# Worked out also where elements are unknown: what they are does not count.
STRUCTURE: Final[dict[str, Function]] = {
    "any": lambda x: x,
    "array": lambda x: x if isinstance(x, list) else [x],
    "coalesce": lambda *x: next((one for one in x if one is not None), None),
    "concat": concat,
    "createArray": lambda *x: list(x),
    "empty": lambda x: x in (None, "", [], {}),
    "first": _edge(0),
    "flatten": flat,
    "format": filled_in,
    "items": lambda x: [{"key": key, "value": x[key]} for key in _sorted_keys(x)],
    "join": lambda x, sep: interpolated([(True, p) for i, one in enumerate(x) for p in ([sep] if i else []) + [one]]),
    "last": _edge(-1),
    "length": len,
    "objectKeys": _sorted_keys,
    "shallowMerge": lambda x: {k: v for inner in x for k, v in inner.items()},
    "skip": lambda x, n: x[n:],
    "take": lambda x, n: x[:n],
    "union": union,
}
# Worked out only where everything is known.
KNOWN: Final[dict[str, Function]] = {
    "bool": lambda x: x in (True, 1) or str(x).lower() in ("true", "1"),
    "cidrSubnet": cidr_subnet,
    "contains": contains,
    "distinct": distinct,
    "endsWith": lambda x, y: x.lower().endswith(y.lower()),
    "guid": guid,
    "indexOf": _index_of,
    "int": int,
    "intersection": _intersection,
    "json": json.loads,
    "max": lambda *x: max(x[0] if isinstance(x[0], list) else x),
    "min": lambda *x: min(x[0] if isinstance(x[0], list) else x),
    "padLeft": lambda x, n, c=" ": str(x).rjust(n, c),
    "range": lambda start, count: list(range(start, start + count)),
    "replace": lambda x, old, new: x.replace(old, new),
    "split": _split,
    "startsWith": lambda x, y: x.lower().startswith(y.lower()),
    "string": lambda x: as_json(x) if isinstance(x, dict | list) else as_text(x),
    "substring": lambda text, start, length=None: text[start:] if length is None else text[start : start + length],
    "toLower": str.lower,
    "toUpper": str.upper,
    "trim": str.strip,
    "uniqueString": unique_string,
}


def key_of_unknown(value: Unknown, key: Any) -> Unknown:
    return Unknown.of(f"{value.expression}[{literal(key)}]")
