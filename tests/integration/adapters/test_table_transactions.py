"""Transactions of our tables against those of the library's own client: the same bytes, answers and errors."""

import re
from collections.abc import Sequence
from typing import Any

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.data.tables import TableClient, TableServiceClient

from tests.integration.adapters.table_clients import KINDS, Recording

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


def clients(connection: str, table: str = TABLE, **options: Any) -> tuple[TableClient, TableClient]:
    """Return the library's client of a table and ours."""
    library, ours = (kind.from_connection_string(connection, table, **options) for kind in KINDS)
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
    for kind in KINDS:
        with_rows(storage_connection)
        session = Recording()
        client = kind.from_connection_string(storage_connection, TABLE, session=session, session_owner=False)
        answer = client.submit_transaction(operations)
        stored = [dict(each) for each in client.list_entities()]
        outcomes.append((session.sent, [sorted(each) for each in answer], stored))
    assert outcomes[0] == outcomes[1]


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


@pytest.mark.parametrize("row_number", [0, 1])
def test_an_answer_that_is_cut_short_is_none(storage_connection: str, row_number: int) -> None:
    def cut_short(response: requests.Response) -> None:
        """Leave what comes before the answer to a row."""
        response._content = b"HTTP/1.1 ".join(response.content.split(b"HTTP/1.1 ")[: row_number + 1])

    with_rows(storage_connection)
    _, ours = clients(storage_connection, session=Recording(cut_short), session_owner=False)
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
