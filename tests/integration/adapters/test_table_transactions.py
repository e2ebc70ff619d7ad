"""Transactions of our tables against those of the library's own client: the same bytes, answers and errors."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
import requests
from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.data.tables import EdmType, EntityProperty, TableClient, TableServiceClient, UpdateMode

from adapters.azure_storage.table_client import QuickTableClient
from tests.integration.adapters.recorded_sessions import Recording

KINDS = (TableClient, QuickTableClient)
TABLE = "transactions"
Operations = Sequence[tuple[Any, ...]]


def row(key: str, **values: Any) -> dict[str, Any]:
    return {"PartitionKey": "it's ü", "RowKey": key, **values}


KNOWN = row("known", text="before")
VERSION = {"etag": 'W/"of another time"', "match_condition": MatchConditions.IfNotModified}
UNCHANGED = {"mode": "merge", **VERSION}
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
    "in other words": [
        ("CREATE", {**row("a"), "none": None, "long": EntityProperty(2**40, EdmType.INT64)}),
        ("update", {**KNOWN, "text": "after"}),
        ("Upsert", row("c"), {"mode": UpdateMode.REPLACE}),
    ],
    "a hundred": [("create", row(str(number), text="x" * 500)) for number in range(100)],
}
REFUSED: dict[str, Operations] = {
    "a row that is there": [("create", row("b")), ("create", KNOWN)],
    "a row that changed": [("update", KNOWN, UNCHANGED)],
    "a deletion of a row that changed": [("create", row("b")), ("delete", KNOWN, VERSION)],
    "a version that is not given": [("update", KNOWN, {"match_condition": MatchConditions.IfNotModified})],
    "a version that is not to be compared": [("update", KNOWN, {"etag": 'W/"any"'})],
    "a version that brings a header": [("update", KNOWN, {**UNCHANGED, "etag": 'W/"a"\r\nIf-Match: *'})],
    "rows of two partitions": [("create", row("b")), ("create", {**row("b"), "PartitionKey": "another"})],
    "a row without a key": [("create", {"PartitionKey": "p"})],
    "a row whose key is a number": [("upsert", {**row("b"), "RowKey": 7})],
    "a value of no known type": [("create", row("b", value=object()))],
    "no known operation": [("append", row("b"))],
    "no known mode": [("upsert", row("b"), {"mode": "append"})],
    "no operation": [()],
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


def test_a_row_is_changed_as_it_was_read(storage_connection: str) -> None:
    sent = []
    for kind in KINDS:
        with_rows(storage_connection)
        session = Recording()
        client = kind.from_connection_string(storage_connection, TABLE, session=session, session_owner=False)
        read = client.get_entity(KNOWN["PartitionKey"], "known")
        by_hand = {"etag": read.metadata["etag"], "match_condition": MatchConditions.IfNotModified}
        client.submit_transaction([("update", read, by_hand), ("create", row("e"))])
        by_itself = {"match_condition": MatchConditions.IfNotModified}
        client.submit_transaction([("delete", client.get_entity(KNOWN["PartitionKey"], "known"), by_itself)])
        sent.append([re.sub(r"datetime'[^']*'|datetime\S+Z", "", each) for each in session.sent])
    assert sent[0] == sent[1]


@pytest.mark.parametrize("count", [0, 2])
def test_operations_may_come_from_an_iterator(storage_connection: str, count: int) -> None:
    with_rows(storage_connection)
    library, ours = (
        refusal(client, (("upsert", row(str(number))) for number in range(count)))
        for client in clients(storage_connection)
    )
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


def refusal(client: TableClient, operations: Iterable[tuple[Any, ...]]) -> Sequence[Any] | None:
    try:
        client.submit_transaction(operations)
    except HttpResponseError as error:
        code, index = (getattr(error, name, None) for name in ("error_code", "index"))
        return type(error), error.status_code, code, index, re.sub(r"(RequestId|Time):\S+", r"\1", str(error))
    except (IndexError, TypeError, ValueError) as error:
        return type(error), str(error)
    return None
