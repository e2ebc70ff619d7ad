"""A client of a table that takes a third of the processor time of the library's for single rows and for transactions.

The library sends a request through thirteen policies, of which six do nothing here, and reads the answer into objects that can do
more than is asked of them. Here the same bytes go through the policies that do something, as requests of the library's older kind,
whose answers are light. All else stays the library's: it turns values into what is stored and back, signs, sends and repeats a
request, and names its failures. What is not done often (queries, single inserts, updates), and what is called with other options
than here, goes the library's way.
"""

import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, NoReturn
from uuid import uuid1
from wsgiref.handlers import format_date_time

from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline.policies import (
    ContentDecodePolicy,
    NetworkTraceLoggingPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
from azure.core.pipeline.transport import HttpRequest
from azure.data.tables import EdmType, TableClient, TableEntity, UpdateMode
from azure.data.tables import _deserialize as library_answers
from azure.data.tables import _error as library_errors
from azure.data.tables import _policies as library_policies

from adapters.azure_storage.library_calls import IDLE_POLICIES, pipeline_of, raise_by_status
from adapters.azure_storage.table_requests import METHODS, RowRequests, stored_properties
from adapters.azure_storage.table_transactions import answers_to_rows, transaction_request

_read_entity: Any = library_answers._convert_to_entity
_raise_by_code: Any = library_errors._process_table_error
_IDLE: Final = (
    *IDLE_POLICIES,
    NetworkTraceLoggingPolicy,
    # The account's second location is not read.
    library_policies.StorageHosts,
    # Their headers are set here, once for all attempts as there.
    library_policies.StorageHeadersPolicy,
    RequestIdPolicy,
    UserAgentPolicy,
)
_TYPE: Final = "@odata.type"
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class QuickTableClient(TableClient):
    """A client whose calls are quick. Arguments, answers and errors are the library's."""

    def __init__(self, endpoint: str, table_name: str, **options: Any) -> None:
        super().__init__(endpoint, table_name, **options)
        library: Any = self._client
        policies = self._configure_policies(hosts=self._hosts, **options)
        self._user_agent = next(each.user_agent for each in policies if isinstance(each, UserAgentPolicy))
        if self._cosmos_endpoint:
            policies.insert(0, library_policies.CosmosPatchTransformPolicy())
        account_url = f"{self.scheme}://{self._primary_hostname}"
        self._rows = RowRequests(account_url, table_name, self.api_version, self._query_str)
        self._pipeline = pipeline_of(library._client._pipeline._transport, policies, _IDLE)
        self._deserialize: Any = library._deserialize

    def get_entity(self, partition_key: str, row_key: str, **options: Any) -> TableEntity:
        """Return a row."""
        if options:
            return super().get_entity(partition_key, row_key, **options)
        answer = self._send(self._rows.reading(partition_key, row_key))
        if answer.http_response.status_code != HTTPStatus.OK:
            self._refuse(answer)
        row = self._decoded(answer)
        if not isinstance(
            row, dict
        ):  # `http.client` takes headers that are cut off for all, and what they are about for nothing
            raise ServiceResponseError("the answer to a read has no row")
        return _entity(row)

    def upsert_entity(self, entity: Any, mode: Any = UpdateMode.MERGE, **options: Any) -> dict[str, Any]:
        """Store a row, whether it is there or not."""
        if options or mode not in METHODS:
            return super().upsert_entity(entity, mode, **options)
        request = self._rows.storing(METHODS[mode], stored_properties(entity))
        answer = self._send(request)
        if answer.http_response.status_code != HTTPStatus.NO_CONTENT:
            self._refuse(answer)
        headers = answer.http_response.headers
        written = self._deserialize("rfc-1123", headers.get("Date"))
        return {"date": written, "etag": headers.get("ETag"), "version": headers.get("x-ms-version")}

    def delete_entity(self, *args: Any, **options: Any) -> None:
        """Delete a row unless it is absent."""
        if options or len(args) != 2:
            super().delete_entity(*args, **options)
            return
        answer = self._send(self._rows.deleting(*args))
        if answer.http_response.status_code not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND):
            self._refuse(answer)

    def submit_transaction(self, operations: Any, **options: Any) -> list[Mapping[str, Any]]:
        """Change several rows of a partition together, or none of them."""
        given = list(operations)
        requests = None if self._cosmos_endpoint else self._rows.of_transaction(given)
        if requests is None:
            return super().submit_transaction(given, **options)
        return self._batch_send(self.table_name, *requests, **options)

    def _batch_send(self, table_name: str, *reqs: Any, **options: Any) -> list[Mapping[str, Any]]:
        url = f"{self.scheme}://{self._primary_hostname}/$batch"
        request = transaction_request(url, self.api_version, reqs)
        answer = self._send(request, **options)
        return answers_to_rows(answer.http_response, table_name, reqs)

    def _send(self, request: HttpRequest, **options: Any) -> Any:
        headers = request.headers
        headers["x-ms-client-request-id"] = str(uuid1())
        headers["x-ms-date"] = headers["Date"] = format_date_time(time.time())
        headers["User-Agent"] = self._user_agent
        return self._pipeline.run(request, stream=False, **options)

    def _decoded(self, answer: Any) -> Any:
        """Return the body of an answer, and keep it where the library looks for it."""
        try:
            body = ContentDecodePolicy.deserialize_from_http_generics(answer.http_response, "utf-8")
        except HttpResponseError as error:
            self._raise_by_code(error)
        answer.context[ContentDecodePolicy.CONTEXT_NAME] = body
        return body

    def _refuse(self, answer: Any) -> NoReturn:
        """Raise what the library raises for an answer: an error by its status first, then from it one by the code in its body."""
        response = answer.http_response
        self._decoded(answer)
        try:
            raise_by_status(response, lambda: self._deserialize.failsafe_deserialize("TableServiceError", answer))
        except HttpResponseError as error:
            self._raise_by_code(error)

    def _raise_by_code(self, error: HttpResponseError) -> NoReturn:
        _raise_by_code(error, table_name=self.table_name)
        raise error  # the library has raised another


def _entity(stored: dict[str, Any]) -> TableEntity:
    """Return a row. The library reads each time in it with `strptime`, which takes as long as a third of the request."""
    types = [name for name, kind in stored.items() if kind == EdmType.DATETIME and name.endswith(_TYPE)]
    times = {name.removesuffix(_TYPE): stored.get(name.removesuffix(_TYPE)) for name in types}
    timestamp = stored.get("Timestamp")
    if not (stored.get("odata.etag") and all(map(_is_plain, (timestamp, *times.values())))):
        unchanged: TableEntity = _read_entity(stored)
        return unchanged
    for name in ("Timestamp", *types):
        del stored[name]
    entity: TableEntity = _read_entity(stored)
    for name, written in times.items():
        entity[name] = _time(written)
    entity._metadata["timestamp"] = _time(timestamp)
    return entity


def _is_plain(written: Any) -> bool:
    return isinstance(written, str) and _TIME.fullmatch(written) is not None


def _time(written: Any) -> Any:
    read: Any = library_answers.TablesEntityDatetime.fromisoformat(written)
    read._service_value = written
    return read
