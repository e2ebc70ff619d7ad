"""Transactions of our tables against those of the library's own client: the same bytes, answers and errors."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import HTTPPolicy, SansIOHTTPPolicy
from azure.data.tables import TableClient, TableServiceClient

from adapters.azure_storage.table_transactions import TransactionTableClient

TABLE = "transactions"
Operations = Sequence[tuple[Any, ...]]


def row(key: str, **values: Any) -> dict[str, Any]:
    return {"PartitionKey": "it's ü", "RowKey": key, **values}


KNOWN = row("known", text="before")
UNCHANGED = {"mode": "merge", "etag": 'W/"of another time"', "match_condition": MatchConditions.IfNotModified}
WRITES: dict[str, Operations] = {
    "one": [("create", row("a"))],
    "every kind": [
        (
            "create",
            row("a", text='é "quoted"\r\nHTTP/1.1 409 Conflict\r\n', number=2**20, true=True, ratio=0.5, raw=b"\0\n"),
        ),
        ("upsert", row("b'c", text=""), {"mode": "replace"}),
        ("upsert", row("c"), {"mode": "merge"}),
        ("update", {**KNOWN, "text": "after"}, {"mode": "replace"}),
        ("delete", row("d")),
    ],
    "a hundred": [("create", row(str(number), text="x" * 500)) for number in range(100)],
}
REFUSED: dict[str, Operations] = {
    "a row that is there": [("create", row("b")), ("create", KNOWN)],
    "a row that changed": [("update", KNOWN, UNCHANGED)],
    "a row that is not there": [("create", row("b")), ("delete", row("c"))],
    "a row twice": [("create", row("b")), ("upsert", row("b"))],
    "a row that is too large": [("create", row("b", text="x" * 40_000))],
}


class Sent(SansIOHTTPPolicy[Any, Any]):
    """Keeps the bodies that were sent."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def on_request(self, request: Any) -> None:
        if request.http_request.method == "POST":
            self.bodies.append(request.http_request.body)


def clients(connection: str, table: str = TABLE, **options: Any) -> tuple[TableClient, TableClient]:
    """Return the library's client of a table and ours."""
    kinds = (TableClient, TransactionTableClient)
    library, ours = (kind.from_connection_string(connection, table, **options) for kind in kinds)
    return library, ours


def with_rows(connection: str) -> None:
    with TableServiceClient.from_connection_string(connection) as service:
        service.delete_table(TABLE)
        table = service.create_table(TABLE)
        table.create_entity(KNOWN)
        table.create_entity(row("d"))


@pytest.mark.parametrize("operations", WRITES.values(), ids=WRITES.keys())
def test_the_same_bytes_lead_to_the_same_answer(storage_connection: str, operations: Operations) -> None:
    outcomes = []
    for number in range(2):
        with_rows(storage_connection)
        sent = Sent()
        client = clients(storage_connection, per_retry_policies=[sent])[number]
        answer = client.submit_transaction(operations)
        stored = [dict(each) for each in client.list_entities()]
        outcomes.append((comparable(sent.bodies), [sorted(each) for each in answer], stored))
    assert outcomes[0] == outcomes[1]


def comparable(bodies: Sequence[bytes]) -> list[str]:
    """Return bodies without what differs from one to the next: boundaries and dates."""
    texts = [re.sub(r"(batch|changeset)_[\w-]{36}", r"\1", body.decode()) for body in bodies]
    return [re.sub("(?m)^(x-ms-date|Date): .*$", r"\1", text) for text in texts]


@pytest.mark.parametrize("operations", REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused_is_refused_in_the_library_s_words(storage_connection: str, operations: Operations) -> None:
    with_rows(storage_connection)
    library, ours = (refusal(client, operations) for client in clients(storage_connection))
    assert ours == library


@pytest.mark.parametrize("table", ["missing", "no", "under_score"])
def test_what_is_wrong_with_a_table_is_said_in_the_library_s_words(storage_connection: str, table: str) -> None:
    library, ours = (refusal(client, WRITES["one"]) for client in clients(storage_connection, table))
    assert ours == library
    assert library is not None


class CutShort(HTTPPolicy[Any, Any]):
    """Leaves of each answer what comes before that to a row."""

    def __init__(self, row_number: int) -> None:
        self._row_number = row_number

    def send(self, request: PipelineRequest[Any]) -> PipelineResponse[Any, Any]:
        response = self.next.send(request)
        text = response.http_response.read()
        response.http_response._content = b"HTTP/1.1 ".join(text.split(b"HTTP/1.1 ")[: self._row_number + 1])
        return response


@pytest.mark.parametrize("row_number", [0, 1])
def test_an_answer_that_is_cut_short_is_none(storage_connection: str, row_number: int) -> None:
    with_rows(storage_connection)
    _, ours = clients(storage_connection, per_retry_policies=[CutShort(row_number)])
    with pytest.raises(ServiceResponseError):
        ours.submit_transaction([("create", row("a")), ("create", row("b"))])


def refusal(client: TableClient, operations: Operations) -> Sequence[Any] | None:
    try:
        client.submit_transaction(operations)
    except HttpResponseError as error:
        code, index = (getattr(error, name, None) for name in ("error_code", "index"))
        return type(error), error.status_code, code, index, re.sub(r"(RequestId|Time):\S+", r"\1", str(error))
    except ValueError as error:
        return type(error), str(error)
    return None
