"""PURE: what one call gives for the `{placeholders}` in the blob paths and queue names of its bindings.

    HTTP request      fields of a JSON body, query parameters, route values
    queue message     `queueTrigger` (its text), fields of a JSON body
    blob              `BlobTrigger` (its path), the placeholders of the trigger's own path
    activity          `instanceId`, the input under its parameter's name and as `data`

Fields of objects are reached by dots, as in `{data.customer.name}`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from azure.functions.meta import Datum

if TYPE_CHECKING:
    from local_host.app.index import Function


def path_values(
    function: Function, datum: Datum, metadata: Mapping[str, Datum], instance_id: str | None
) -> dict[str, str]:
    """datum, metadata: the raw value of the trigger and what came with it. instance_id: of an activity's caller."""
    values = {name: str(each.value) for name, each in metadata.items() if each.type == "string"}
    if instance_id is not None:
        values["instanceId"] = instance_id
    of_trigger = _OF_TRIGGER.get(function.trigger.type)
    return values | of_trigger(function, datum) if of_trigger else values


def _of_request(_: Function, datum: Datum) -> dict[str, str]:
    request = datum.value
    values = _fields(_parsed(request["body"].value))
    for part in ("query", "params"):
        values |= {name: str(each.value) for name, each in request[part].items()}
    return values


def _of_message(_: Function, datum: Datum) -> dict[str, str]:
    text = datum.value if isinstance(datum.value, str) else ""
    return _fields(_parsed(text)) | {"queueTrigger": text}


def _of_activity(function: Function, datum: Datum) -> dict[str, str]:
    value = _parsed(datum.value)
    return dict(_flat(function.trigger.name, value)) | dict(_flat("data", value))


_OF_TRIGGER: Mapping[str, Callable[[Function, Datum], dict[str, str]]] = {
    "httpTrigger": _of_request,
    "queueTrigger": _of_message,
    "activityTrigger": _of_activity,
}


def _parsed(text: str | bytes) -> Any:
    """None for what is not JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None


def _fields(value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        return {}
    return {path: text for name, each in value.items() for path, text in _flat(name, each)}


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _flat(f"{path}.{name}", each)
    elif isinstance(value, str | int | float):
        yield path, str(value)
