"""The text a `durableClient` binding hands to a function, from which the SDK makes its client."""

from __future__ import annotations

import json
from collections.abc import Mapping
from urllib.parse import quote_plus

MANAGEMENT_PATH = "/runtime/webhooks/durabletask"
# The real host protects these URLs with a key; locally any text will do.
_KEY = "local"
DEFAULT_CONNECTION = "Storage"


def durable_client_value(origin: str, hub: str, fields: Mapping[str, str]) -> str:
    """Return the JSON text with the URLs that the client fills in and calls.

    origin: `http://127.0.0.1:7071`; fields: of the binding, perhaps with `taskHub` and `connectionName`.
    """
    base = origin + MANAGEMENT_PATH
    task_hub = fields.get("taskHub") or hub
    connection = fields.get("connectionName")
    value = {
        "taskHubName": task_hub,
        "connectionName": connection,
        "creationUrls": _creation_urls(base),
        "managementUrls": management_urls(origin, task_hub, "INSTANCEID", connection or DEFAULT_CONNECTION),
        "baseUrl": base,
        "requiredQueryStringParameters": f"code={_KEY}",
        "rpcBaseUrl": f"{base}/",
    }
    return json.dumps(value)


def management_urls(origin: str, hub: str, instance_id: str, connection: str = DEFAULT_CONNECTION) -> dict[str, str]:
    """Return the URLs to watch and steer one instance, in the order in which Durable clients know them."""
    instance = f"{origin}{MANAGEMENT_PATH}/instances/{quote_plus(instance_id, safe='!*()')}"
    query = f"taskHub={hub}&connection={connection}&code={_KEY}"
    return {
        "id": instance_id,
        "statusQueryGetUri": f"{instance}?{query}",
        "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{instance}/terminate?reason={{text}}&{query}",
        "rewindPostUri": f"{instance}/rewind?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{instance}?{query}",
        "restartPostUri": f"{instance}/restart?{query}",
        "suspendPostUri": f"{instance}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{instance}/resume?reason={{text}}&{query}",
    }


def _creation_urls(base: str) -> dict[str, str]:
    start = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]"
    return {
        "createNewInstancePostUri": f"{start}?code={_KEY}",
        "createAndWaitOnNewInstancePostUri": (
            f"{start}?timeout={{timeoutInSeconds}}&pollingInterval={{intervalInSeconds}}&code={_KEY}"
        ),
    }
