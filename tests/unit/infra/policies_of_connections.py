"""Policy on connections: whatever a function of the app or its host names is reached by the app's identity.

Read from the app's own index, so a new trigger is judged as soon as it is there. Azure's scale controller reads the same settings,
and a connection without `__credential` is one that it cannot use: a Flex Consumption app then never wakes for that trigger.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from local_host.testing import app_index
from scripts.host_json import host_json
from tests.support.templates.bicep import ROOT, Given, app_settings
from tests.unit.infra.policies import policy

HOST: Final = "AzureWebJobsStorage"
ALL: Final = frozenset({"blob", "queue", "table"})
# A blob trigger keeps its receipts in blobs and its work in queues.
SERVICES: Final = {
    "queueTrigger": frozenset({"queue"}),
    "queue": frozenset({"queue"}),
    "blobTrigger": frozenset({"blob", "queue"}),
    "blob": frozenset({"blob"}),
    "table": frozenset({"table"}),
}


@cache
def named_by_functions() -> dict[str, frozenset[str]]:
    """Each connection that a trigger or binding names, and the services that it is used for."""
    found: dict[str, frozenset[str]] = {}
    for function in app_index(ROOT).functions.values():
        for binding in (function.trigger, *function.inputs, *function.outputs):
            if binding.type in SERVICES or "connection" in binding.fields:
                name = str(binding.fields.get("connection") or HOST)
                found[name] = found.get(name, frozenset()) | SERVICES[binding.type]
    return found


@policy
def every_connection_is_by_identity(deployment: Any, given: Given) -> Iterator[str]:
    provider = host_json(given["plan"], given["backend"])["extensions"]["durableTask"]["storageProvider"]
    connections = named_by_functions() | {HOST: ALL}
    if "connectionName" in provider:
        connections = connections | {str(provider["connectionName"]): ALL}
    for settings in app_settings(deployment):
        for name, services in connections.items():
            if name in settings:
                yield f"{name} must not be a connection string"
            if settings.get(f"{name}__credential") != "managedidentity":
                yield f"{name}__credential must be managedidentity"
            wanted = ["clientId", *(f"{service}ServiceUri" for service in sorted(services))]
            yield from (f"{name}__{one} is missing" for one in wanted if not settings.get(f"{name}__{one}"))
