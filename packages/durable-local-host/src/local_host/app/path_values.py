"""What one call gives for the `{placeholders}` in the paths and names of its bindings.

every trigger     what came with its value, such as `BlobTrigger` or the placeholders of a trigger's own path
activity          `instanceId` of its caller
by its type       what `TriggerType.values` finds in the value itself
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from azure.functions.meta import Datum

from local_host.app.binding_types import trigger_type
from local_host.app.function import Function


class PathValues(Mapping[str, str]):
    """Finds the values when one is asked for: most calls need none."""

    def __init__(
        self, function: Function, datum: Datum, metadata: Mapping[str, Datum] | None, instance_id: str | None
    ) -> None:
        """Take the raw value of the trigger, what came with it, and the instance that calls an activity."""
        self._function = function
        self._datum = datum
        self._metadata = metadata or {}
        self._instance_id = instance_id

    @cached_property
    def _found(self) -> dict[str, str]:
        values = {name: str(each.value) for name, each in self._metadata.items() if each.type == "string"}
        if self._instance_id is not None:
            values["instanceId"] = self._instance_id
        found = trigger_type(self._function.trigger.type)
        return values | found.values(self._function, self._datum) if found else values

    def __getitem__(self, name: str) -> str:
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)
