"""Storage that is missing, slow, forbidden or reached by identity."""

import base64
import re
import traceback
from collections.abc import Callable

import pytest
from azure.core.exceptions import ServiceResponseError

from adapters.azure_storage.storage import Storage
from adapters.stores.catalogue import CatalogueStore
from adapters.stores.dead_letters import DeadLetters
from adapters.stores.order_repository import OrderRepository
from adapters.stores.outbox import Outbox
from domain.errors import StorageUnavailable
from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind
from domain.orders.order import OrderStatus
from settings import StorageLocation
from tests.integration.adapters.orders import order, progress
from tests.integration.adapters.test_catalogue_store import MUG
from tests.integration.adapters.test_dead_letters import closing, dead_letter
from tests.support.scripted_server import running_server

SECRET = base64.b64encode(b"the account's secret key").decode()
MESSAGE = Notification(
    message_id="m",
    workflow=PROCESS_ORDER,
    key="order-1",
    kind=NotificationKind.ORDER_COMPLETED,
    email="ada@example.com",
)

OPERATIONS: dict[str, Callable[[Storage], object]] = {
    "accept": lambda storage: OrderRepository(storage).accept(order(), "print"),
    "get": lambda storage: OrderRepository(storage).get("order-1"),
    "list": lambda storage: OrderRepository(storage).list(),
    "record": lambda storage: OrderRepository(storage).record(progress(OrderStatus.RESERVED)),
    "products": lambda storage: CatalogueStore(storage).get_many(["mug", "cup"]),
    "put product": lambda storage: CatalogueStore(storage).put(MUG),
    "notify": lambda storage: Outbox(storage).put(MESSAGE),
    "dead-letter": lambda storage: DeadLetters(storage).store(dead_letter()),
    "close": lambda storage: DeadLetters(storage).close(closing()),
    "letters": lambda storage: DeadLetters(storage).list(),
}
every_operation = pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS.keys())


@every_operation
def test_the_first_use_creates_what_is_missing(storage: Storage, operation: Callable[[Storage], object]) -> None:
    operation(storage)
    operation(storage)


@every_operation
def test_storage_that_cannot_be_reached_may_be_asked_again(operation: Callable[[Storage], object]) -> None:
    nowhere = "".join(f"{service}Endpoint=http://127.0.0.1:9/shop;" for service in ("Blob", "Queue", "Table"))
    location = StorageLocation(connection_string=f"AccountName=shop;AccountKey={SECRET};{nowhere}")
    with pytest.raises(StorageUnavailable) as raised:
        operation(Storage(location))
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@every_operation
def test_storage_that_refuses_access_is_retried_and_reveals_nothing(
    storage_connection: str, operation: Callable[[Storage], object]
) -> None:
    wrong_key = re.sub("AccountKey=[^;]+", f"AccountKey={SECRET}", storage_connection)
    location = StorageLocation(connection_string=wrong_key)
    with pytest.raises(StorageUnavailable) as raised:
        operation(Storage(location))
    text = "".join(traceback.format_exception(raised.value))
    assert SECRET not in text
    assert "ada@example.com" not in text


@every_operation
def test_no_thread_waits_for_as_long_as_the_service_asks(operation: Callable[[Storage], object]) -> None:
    waits = "Retry-After: 100000\r\nx-ms-retry-after-ms: 100000000\r\n"
    busy = f"HTTP/1.1 503 Server Busy\r\nx-ms-request-id: 1\r\n{waits}Content-Length: 0\r\n\r\n".encode()
    with running_server(*[busy] * 100) as server:
        to_server = "".join(f"{service}Endpoint={server.url}/shop;" for service in ("Blob", "Queue", "Table"))
        location = StorageLocation(connection_string=f"AccountName=shop;AccountKey={SECRET};{to_server}")
        with pytest.raises(StorageUnavailable):
            operation(Storage(location, retries=1))
        assert len(server.requests) >= 2


ROW = {"PartitionKey": "p", "RowKey": "r"}
ANSWERED: dict[str, tuple[Callable[[Storage], object], str, str]] = {
    "a row read": (lambda storage: storage.table("rows").get_entity("p", "r"), "200 OK", '{"RowKey": "r"}'),
    "some rows": (lambda storage: list(storage.table("rows").list_entities()), "200 OK", '{"value": []}'),
    "a row stored": (lambda storage: storage.table("rows").upsert_entity(ROW), "204 No Content", ""),
    "a row deleted": (lambda storage: storage.table("rows").delete_entity("p", "r"), "204 No Content", ""),
    "no row": (lambda storage: storage.table("rows").get_entity("p", "r"), "404 Not Found", ""),
    "a message": (lambda storage: storage.queue("queue").send_message("text"), "201 Created", ""),
    "a blob": (lambda storage: storage.container("blobs").download_blob("b").readall(), "200 OK", "text"),
}


@pytest.mark.parametrize(("call", "status", "body"), ANSWERED.values(), ids=ANSWERED)
def test_an_answer_that_names_another_request_is_none(
    call: Callable[[Storage], object], status: str, body: str
) -> None:
    """As the libraries for .NET have it: see ClientRequestIdMismatch in Azure/azure-sdk-for-net."""
    lines = [
        f"HTTP/1.1 {status}",
        "x-ms-request-id: 1",
        "x-ms-client-request-id: another's",
        "Content-Type: application/json",
    ]
    answer = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()
    with running_server(answer) as server:
        to_server = "".join(f"{service}Endpoint={server.url}/shop;" for service in ("Blob", "Queue", "Table"))
        location = StorageLocation(connection_string=f"AccountName=shop;AccountKey={SECRET};{to_server}")
        with pytest.raises(ServiceResponseError, match="another request"):
            call(Storage(location, retries=0))


@pytest.mark.parametrize("echo", ["{id}", "{id}, {id}", "{id}\r\nx-ms-client-request-id: {id}", "{id}, another's"])
def test_an_id_that_is_repeated_more_than_once_is_the_requests_own(echo: str) -> None:
    """The service does so (Azure/azure-sdk-for-python, issue 8098; for one of its own, Azure/azure-sdk-for-net, issue 48193)."""
    asked = "11111111-1111-1111-1111-11111111aaaa"
    head = f"HTTP/1.1 204 No Content\r\nx-ms-request-id: 1\r\nx-ms-client-request-id: {echo.replace('{id}', asked)}\r\n\r\n"
    with running_server(head.encode()) as server:
        location = StorageLocation(
            connection_string=f"AccountName=shop;AccountKey={SECRET};TableEndpoint={server.url}/shop"
        )
        Storage(location, retries=0).table("rows").delete_entity("p", "r", request_id=asked.upper())
        assert asked.upper().encode() in server.requests[0]


@pytest.mark.parametrize(
    ("client_id", "credential"), [(None, "DefaultAzureCredential"), ("client", "ManagedIdentityCredential")]
)
def test_without_a_connection_string_an_identity_opens_the_account(client_id: str | None, credential: str) -> None:
    location = StorageLocation(
        table_uri="https://shop.table.core.windows.net",
        queue_uri="https://shop.queue.core.windows.net",
        blob_uri="https://shop.blob.core.windows.net",
        client_id=client_id,
    )
    storage = Storage(location)
    assert storage.table("orders").url == location.table_uri
    assert storage.queue("notifications").url == f"{location.queue_uri}/notifications"
    assert storage.container("dead-letters").url == f"{location.blob_uri}/dead-letters"
    used = {type(client.credential).__name__ for client in (storage.queue("q"), storage.container("c"))}
    assert used == {credential}


def test_the_short_name_of_the_local_emulator_is_understood() -> None:
    storage = Storage(StorageLocation(connection_string="UseDevelopmentStorage=true"))
    assert storage.table("orders").url == "http://127.0.0.1:10002/devstoreaccount1"
    assert storage.queue("notifications").url == "http://127.0.0.1:10001/devstoreaccount1/notifications"
    assert storage.container("dead-letters").url == "http://127.0.0.1:10000/devstoreaccount1/dead-letters"
