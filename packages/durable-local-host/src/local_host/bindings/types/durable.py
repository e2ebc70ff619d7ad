"""Orchestrators, activities and entities, which the engine runs, and the client that steers them."""

from __future__ import annotations

from collections.abc import Mapping

from azure.functions.meta import Datum

from local_host.app.binding_types import BindingServices, InputType, TriggerType, register
from local_host.app.binding_value import durable_client_value
from local_host.app.function import Binding, Function
from local_host.bindings.json_fields import flat, parsed


class _DurableClients:
    """Hands out the text from which the SDK makes its client."""

    def __init__(self, services: BindingServices) -> None:
        self._services = services

    async def read(self, binding: Binding, _: Mapping[str, str]) -> Datum | None:
        services = self._services
        return Datum(durable_client_value(services.origin, services.hub_name, binding.fields), "string")


def _values(function: Function, datum: Datum) -> dict[str, str]:
    """Return the input of an activity, under its parameter's name and as `data`."""
    value = parsed(datum.value)
    return dict(flat(function.trigger.name, value)) | dict(flat("data", value))


register(TriggerType(name="orchestrationTrigger"))
register(TriggerType(name="activityTrigger", values=_values))
register(TriggerType(name="entityTrigger"))
register(InputType(name="durableClient", source=_DurableClients, is_text=True))
