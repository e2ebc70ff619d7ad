"""HTTP functions: requests arrive through `web`, and the response goes back the same way."""

from __future__ import annotations

from azure.functions.meta import Datum

from local_host.app.binding_types import OutputType, TriggerType, register
from local_host.app.function import Function
from local_host.bindings.json_fields import fields_of, parsed


def _values(_: Function, datum: Datum) -> dict[str, str]:
    """Return the fields of a JSON body, query parameters, route values; the later win."""
    request = datum.value
    values = fields_of(parsed(request["body"].value))
    for part in ("query", "params"):
        values |= {name: str(each.value) for name, each in request[part].items()}
    return values


register(
    TriggerType(
        name="httpTrigger",
        values=_values,
        reason=lambda *_: "This function was programmatically called via the host APIs.",
    )
)
register(OutputType(name="http", target=None))
