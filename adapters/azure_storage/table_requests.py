"""Requests about rows of tables, put together directly: the library writes each with a serializer of models.

Which bytes they are is the library's decision: tests compare them.
"""

from collections.abc import Mapping, Sequence
from json import dumps
from typing import Any, Final
from urllib.parse import quote

from azure.core import MatchConditions
from azure.core.pipeline.transport import HttpRequest
from azure.core.serialization import AzureJSONEncoder
from azure.data.tables import UpdateMode
from azure.data.tables import _serialize as library_rows
from azure.data.tables._generated import _vendor as library_conditions

stored_properties: Any = library_rows._add_entity_properties
_escape: Any = library_rows._prepare_key
_if_match: Any = library_conditions.prep_if_match
METHODS: Final[Mapping[Any, str]] = {UpdateMode.MERGE: "PATCH", UpdateMode.REPLACE: "PUT"}
ANY_VERSION: Final = "*"
_READING: Final = "application/json;odata=minimalmetadata"
_WRITING: Final = "application/json"
_NO_OPTIONS: Final[Mapping[str, Any]] = {}


class RowRequests:
    """Makes the requests about the rows of a table."""

    def __init__(self, account_url: str, table: str, version: str, token: str = "") -> None:
        """Make requests about a table.

        Args:
            account_url: Of the account's tables.
            table: The table's name.
            version: Of the service's interface.
            token: What every address ends with.
        """
        self._url, self._token = f"{account_url}/{quote(table, safe='')}", token
        self._common = {"x-ms-version": version, "DataServiceVersion": "3.0"}

    def reading(self, partition_key: str, row_key: str) -> HttpRequest:
        """Return the request that reads a row."""
        return HttpRequest("GET", self._row_url(partition_key, row_key), {**self._common, "Accept": _READING})

    def deleting(self, partition_key: str, row_key: str, if_match: str = ANY_VERSION) -> HttpRequest:
        """Return the request that deletes a row. if_match: the version that it must have."""
        headers = {**self._common, "Accept": _READING, "If-Match": if_match}
        return HttpRequest("DELETE", self._row_url(partition_key, row_key), headers)

    def storing(self, method: str, properties: Mapping[str, Any], if_match: str | None = None) -> HttpRequest:
        """Return the request that changes a row or puts another in its place.

        Args:
            method: PATCH or PUT.
            properties: Of the row, its keys among them, as they are stored.
            if_match: The version that it must have; None if it need not be there.
        """
        headers = {"Accept": _WRITING} if if_match is None else {"Accept": _WRITING, "If-Match": if_match}
        url = self._row_url(properties["PartitionKey"], properties["RowKey"])
        return self._with_body(method, url, headers, properties)

    def of_transaction(self, operations: Sequence[Any]) -> list[HttpRequest] | None:
        """Return the requests about a transaction's rows; None if it has what is not done here, or what the library refuses."""
        try:
            entities = [operation[1] for operation in operations]
            if len({entity["PartitionKey"] for entity in entities}) != 1 or not all(
                "RowKey" in each for each in entities
            ):
                return None
            return [self._of_operation(*operation) for operation in operations]
        except (AttributeError, LookupError, TypeError, ValueError):
            return None

    def _of_operation(
        self, kind: str, entity: Mapping[str, Any], options: Mapping[str, Any] = _NO_OPTIONS
    ) -> HttpRequest:
        conditions = {**options}
        mode = conditions.pop("mode", UpdateMode.MERGE)
        match kind.lower():
            case "create" if not options:
                return self._with_body("POST", self._url + self._token, {"Accept": _READING}, stored_properties(entity))
            case "upsert" if not conditions:
                return self.storing(METHODS[mode], stored_properties(entity))
            case "update":
                return self.storing(METHODS[mode], stored_properties(entity), _version(**conditions))
            case "delete" if "mode" not in options:
                return self.deleting(entity["PartitionKey"], entity["RowKey"], _version(**conditions))
        raise ValueError("this is left to the library")

    def _row_url(self, partition_key: str, row_key: str) -> str:
        partition, row = quote(_escape(partition_key), safe=""), quote(_escape(row_key), safe="")
        return f"{self._url}(PartitionKey='{partition}',RowKey='{row}'){self._token}"

    def _with_body(
        self, method: str, url: str, headers: Mapping[str, str], properties: Mapping[str, Any]
    ) -> HttpRequest:
        body = dumps(properties, cls=AzureJSONEncoder)
        of_body = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        return HttpRequest(method, url, {**of_body, **self._common, **headers}, data=body)


def _version(etag: str | None = None, match_condition: MatchConditions | None = None) -> str:
    """Return the version that a row must have, as it is sent."""
    if etag is None and match_condition is None:
        return ANY_VERSION
    if not etag or match_condition != MatchConditions.IfNotModified:
        raise ValueError("this is left to the library")
    version: str = _if_match(etag, match_condition)
    return version
