"""Clients for the shop's tables, queues and blob containers, and what their failures mean.

Tables, queues and containers are created on first use, once per process, after the service has reported that they are missing:
a deployment needs no set-up step, and no request pays for a check.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

from adapters.azure_storage.blob_links import BlobLinks
from adapters.web.sessions import new_session
from domain.errors import StorageUnavailable
from settings import StorageLocation

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.pipeline import PipelineResponse
    from azure.data.tables import TableClient
    from azure.storage.blob import BlobServiceClient, ContainerClient
    from azure.storage.queue import QueueClient

T = TypeVar("T")

# The waits of the orchestrations are longer, durable and visible, so a client gives up early.
MAX_RETRIES: Final = 2
_CLIENT_OPTIONS: Final[Mapping[str, Any]] = {
    "retry_backoff_factor": 0.2,
    "connection_timeout": 5,
    "read_timeout": 20,
}
# The blob and queue libraries have waits of their own; by default the first is some 18 seconds, even for a refused connection.
_BLOB_AND_QUEUE_OPTIONS: Final[Mapping[str, Any]] = {
    **_CLIENT_OPTIONS,
    "initial_backoff": 0,
    "increment_base": 1,
    "random_jitter_range": 1,
}
# A file is read in pieces of this size; by default the first piece is 32 MB, times as many as are read at once.
_PIECE_BYTES: Final = 2 * 1024 * 1024
_BLOB_OPTIONS: Final[Mapping[str, Any]] = {
    **_BLOB_AND_QUEUE_OPTIONS,
    "max_single_get_size": _PIECE_BYTES,
    "max_chunk_get_size": _PIECE_BYTES,
}
# The blob and queue libraries do not know the short form that the Functions host and the tables library understand.
_EMULATOR_KEY: Final = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_EMULATOR: Final = (
    f"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={_EMULATOR_KEY};"
    "BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;"
    "QueueEndpoint=http://127.0.0.1:10001/devstoreaccount1;"
    "TableEndpoint=http://127.0.0.1:10002/devstoreaccount1;"
)
_WAITS: Final = ("Retry-After", "retry-after-ms", "x-ms-retry-after-ms")
_REQUEST_ID: Final = "x-ms-client-request-id"
_MISSING_CONTAINER: Final = frozenset({"TableNotFound", "QueueNotFound", "ContainerNotFound"})


class Storage:
    """The shop's storage account. Safe to share between threads."""

    def __init__(self, location: StorageLocation, retries: int = MAX_RETRIES) -> None:
        """Make the clients' factory. retries: how often a client sends a request again before its caller learns of the fault."""
        # Its modules import each other in a circle: two threads that enter it by different ones at once fail at a half of it.
        import azure.core  # noqa: F401

        self._location = location
        self._retries = retries
        # At INFO it writes a block of headers per request.
        logging.getLogger("azure.core.pipeline.policies.http_logging_policy").setLevel(logging.WARNING)

    def table(self, name: str) -> "TableClient":
        """Return the client of a table, which need not exist yet."""
        from adapters.azure_storage.table_client import QuickTableClient

        if self._connection_string:
            return QuickTableClient.from_connection_string(
                self._connection_string, name, **_CLIENT_OPTIONS, **self._table_transport
            )
        return QuickTableClient(
            str(self._location.table_uri),
            name,
            credential=self._credential,
            **_CLIENT_OPTIONS,
            **self._table_transport,
        )

    def queue(self, name: str) -> "QueueClient":
        """Return the client of a queue whose messages are Base64, as queue triggers read them."""
        from azure.storage.queue import TextBase64DecodePolicy, TextBase64EncodePolicy

        from adapters.azure_storage.queue_client import QuickQueueClient

        options: dict[str, Any] = {
            "message_encode_policy": TextBase64EncodePolicy(),
            "message_decode_policy": TextBase64DecodePolicy(),
            **_BLOB_AND_QUEUE_OPTIONS,
            **self._queue_transport,
        }
        if self._connection_string:
            return QuickQueueClient.from_connection_string(self._connection_string, name, **options)
        return QuickQueueClient(str(self._location.queue_uri), name, self._credential, **options)

    def container(self, name: str) -> "ContainerClient":
        """Return the client of a blob container, which need not exist yet."""
        return self._blobs.get_container_client(name)

    def container_names(self, prefix: str) -> list[str]:
        """Return the names of the containers that begin so."""
        return [str(each.name) for each in self._blobs.list_containers(name_starts_with=prefix)]

    @cached_property
    def links(self) -> BlobLinks:
        """Sign links to blobs for people without access to the account."""
        return BlobLinks(self._blobs)

    @property
    def _transport(self) -> dict[str, Any]:
        """Return the options of a client that depend on the process. A session that it is given, it neither changes nor closes."""
        return {
            "retry_total": self._retries,
            "session": new_session(),
            "session_owner": False,
            "raw_response_hook": _require_storage,
        }

    @cached_property
    def _table_transport(self) -> dict[str, Any]:
        """Return one session for all tables, which have no client of the service between them."""
        return self._transport

    @cached_property
    def _queue_transport(self) -> dict[str, Any]:
        """Return one session for all queues."""
        return self._transport

    @cached_property
    def _blobs(self) -> "BlobServiceClient":
        from azure.storage.blob import BlobServiceClient

        if self._connection_string:
            return BlobServiceClient.from_connection_string(self._connection_string, **_BLOB_OPTIONS, **self._transport)
        return BlobServiceClient(
            str(self._location.blob_uri), credential=self._credential, **_BLOB_OPTIONS, **self._transport
        )

    @property
    def _connection_string(self) -> str | None:
        given = self._location.connection_string
        return _EMULATOR if given and given.strip("; ").lower() == "usedevelopmentstorage=true" else given

    @cached_property
    def _credential(self) -> "TokenCredential":
        from azure.identity import DefaultAzureCredential, ManagedIdentityCredential

        if self._location.client_id:
            return ManagedIdentityCredential(client_id=self._location.client_id)
        return DefaultAzureCredential()


def _require_storage(response: "PipelineResponse[Any, Any]") -> None:
    """Refuse a success that is not the service's own, such as a proxy's page, at which the libraries fail in any way.

    And an answer to another request: the service repeats each one's id, and something between may have mixed two up. No answer
    makes a client wait: the orchestrations do that.
    """
    from azure.core.exceptions import ServiceResponseError

    answer = response.http_response
    # The library for tables would sleep in the thread for as long as the service asks; those for queues and blobs do not.
    for name in _WAITS:
        answer.headers.pop(name, None)
    asked, answered = response.http_request.headers.get(_REQUEST_ID), answer.headers.get(_REQUEST_ID)
    # The service may repeat it twice, or add one of its own (Azure/azure-sdk-for-python, issue 8098).
    if asked and answered and asked.lower() not in (each.strip() for each in answered.lower().split(",")):
        raise ServiceResponseError("the answer is that to another request")
    if answer.status_code < HTTPStatus.BAD_REQUEST and "x-ms-request-id" not in answer.headers:
        raise ServiceResponseError("what answered is no Azure Storage")


def created_on_first_use(operation: Callable[[], T], create: Callable[[], object]) -> T:
    """Run a storage operation; when its table, queue or container is missing, create that and run it again.

    create: must accept that another process was faster.
    """
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return operation()
    except ResourceNotFoundError as error:
        # The tables library loses the code on its way from an insert.
        if error_code(error) not in (None, *_MISSING_CONTAINER):
            raise
    create()
    return operation()


def create_table(table: "TableClient") -> None:
    """Create a table unless it exists."""
    from azure.core.exceptions import ResourceExistsError

    with suppress(ResourceExistsError):
        table.create_table()


def create_queue(queue: "QueueClient") -> None:
    """Create a queue unless it exists."""
    from azure.core.exceptions import ResourceExistsError

    with suppress(ResourceExistsError):
        queue.create_queue()


def create_container(container: "ContainerClient") -> None:
    """Create a blob container unless it exists."""
    from azure.core.exceptions import ResourceExistsError

    with suppress(ResourceExistsError):
        container.create_container()


@contextmanager
def storage_errors(what: str) -> Iterator[None]:
    """Turn what the block did not handle of the service's errors into StorageUnavailable. what: names the store, for people."""
    from azure.core.exceptions import AzureError

    try:
        yield
    except AzureError as error:
        code = error_code(error) or type(error).__name__
        # Not chained: the original repeats the request.
        raise StorageUnavailable(f"{what} did not answer ({code})") from None


def error_code(error: Exception) -> str | None:
    """Return the service's own code of an error, e.g. `TableNotFound`; None when there was no answer."""
    # The tables library reads it from the body for some operations only; the header is always there.
    headers = getattr(getattr(error, "response", None), "headers", {})
    code = getattr(error, "error_code", None) or headers.get("x-ms-error-code")
    return None if code is None else str(getattr(code, "value", code))
