"""Requests to tables, put together directly: the library writes their addresses, headers and bodies with a serializer of models.

Which bytes are sent is the library's decision: tests compare them.
"""

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any, Final
from urllib.parse import quote

from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
    NetworkTraceLoggingPolicy,
    ProxyPolicy,
    RedirectPolicy,
)
from azure.core.pipeline.transport import HttpRequest
from azure.core.serialization import AzureJSONEncoder
from azure.data.tables import _policies as library_policies
from azure.data.tables import _serialize as library_rows

_escape: Any = library_rows._prepare_key
READING: Final = "application/json;odata=minimalmetadata"
WRITING: Final = "application/json"
# The service redirects no request about a row, and the account's second location is not read. Spans of requests are made below
# the library (`adapters.telemetry.spans`). What the others do must be asked for, and is not.
_IDLE: Final = (
    ContentDecodePolicy,
    ProxyPolicy,
    RedirectPolicy,
    library_policies.StorageHosts,
    NetworkTraceLoggingPolicy,
    DistributedTracingPolicy,
    HttpLoggingPolicy,
)


def busy_policies(policies: Sequence[Any]) -> list[Any]:
    """Return those of the library's policies that do something."""
    return [each for each in policies if not isinstance(each, _IDLE)]


def row_path(table: str, partition_key: str, row_key: str) -> str:
    """Return the path of a row within its account."""
    partition, row = (quote(_escape(key), safe="") for key in (partition_key, row_key))
    return f"/{quote(table, safe='')}(PartitionKey='{partition}',RowKey='{row}')"


def row_request(
    method: str, url: str, headers: Mapping[str, str], properties: Mapping[str, Any] | None = None
) -> HttpRequest:
    """Return a request about a row. properties: of the row as they are stored, if any are sent."""
    common = {"DataServiceVersion": "3.0", **headers}
    if properties is None:
        return HttpRequest(method, url, common)
    body = dumps(properties, cls=AzureJSONEncoder)
    return HttpRequest(
        method, url, {**common, "Content-Type": "application/json", "Content-Length": str(len(body))}, data=body
    )
