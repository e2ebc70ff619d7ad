"""Rows by our tables against rows by the library's own client: the same requests, answers and errors."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, cast
from uuid import UUID

import pytest
import requests
from azure.core.exceptions import ServiceResponseError
from azure.data.tables import EdmType, EntityProperty, TableClient, TableServiceClient

from adapters.azure_storage.table_client import QuickTableClient
from tests.integration.adapters.recorded_sessions import (
    Answers,
    Recording,
    Scripted,
    Tokens,
    answered,
    asked_tokens,
    course,
    described,
    outcome,
)

KINDS = (TableClient, QuickTableClient)
URL = "https://shop.table.core.windows.net"
TABLE = "rows"
ODD = "it's ü/ #?%27 {x}..\\"
VALUES = {
    "text": 'é "quoted"\r\n',
    "empty": "",
    "number": 2**20,
    "long": EntityProperty(2**40, EdmType.INT64),
    "true": True,
    "ratio": 0.5,
    "raw": b"\0\n",
    "when": datetime(2026, 11, 27, 18, 22, 33, 123456, tzinfo=UTC),
    "id": UUID(int=7),
    "nothing": None,
}
ROW = {"PartitionKey": "p", "RowKey": "known", **VALUES}
CALLS: dict[str, Callable[[TableClient], Any]] = {
    "read": lambda table: table.get_entity("p", "known"),
    "read of an odd key": lambda table: table.get_entity("it's ü", "%27 {x}.."),
    "read of some of a row": lambda table: table.get_entity("p", "known", select=["text"]),
    "read of what is not there": lambda table: table.get_entity("p", ODD),
    "read of what is no key": lambda table: table.get_entity("p", 7),
    "merge": lambda table: table.upsert_entity({"PartitionKey": "p", "RowKey": "known", "text": "after"}),
    "merge of every type": lambda table: table.upsert_entity({**ROW, "RowKey": "it's new"}),
    "replacement": lambda table: table.upsert_entity({"PartitionKey": "p", "RowKey": "known"}, mode="replace"),
    "storing in no known way": lambda table: table.upsert_entity(ROW, mode="append"),
    "storing of no known type": lambda table: table.upsert_entity({**ROW, "text": object()}),
    "storing of a number that is too large": lambda table: table.upsert_entity({**ROW, "number": 2**40}),
    "storing of a value that is too large": lambda table: table.upsert_entity({**ROW, "text": "x" * 40_000}),
    "storing of a row that is too large": lambda table: table.upsert_entity(
        {**ROW, **{f"text{number}": "x" * 30_000 for number in range(40)}}
    ),
    "deletion": lambda table: table.delete_entity("p", "known"),
    "deletion of what is not there": lambda table: table.delete_entity("p", "unknown"),
    "deletion of a row as it was read": lambda table: table.delete_entity(table.get_entity("p", "known")),
    "deletion by name": lambda table: table.delete_entity(partition_key="p", row_key="known"),
    "deletion of what is no key": lambda table: table.delete_entity("p", cast(Any, 7)),
}


def with_rows(connection: str) -> None:
    with TableServiceClient.from_connection_string(connection) as service:
        service.delete_table(TABLE)
        table = service.create_table(TABLE)
        table.create_entity(ROW)
        table.create_entity({**ROW, "PartitionKey": "it's ü", "RowKey": "%27 {x}.."})


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS.keys())
def test_the_same_call_sends_the_same_and_ends_the_same(
    storage_connection: str, call: Callable[[TableClient], Any]
) -> None:
    seen = []
    for kind in KINDS:
        with_rows(storage_connection)
        session = Recording()
        client = kind.from_connection_string(storage_connection, TABLE, session=session, session_owner=False)
        ended = outcome(partial(call, client))
        stored = [described(dict(row)) for row in client.list_entities()]
        seen.append((session.sent, without_times(ended), stored))
    assert seen[0] == seen[1]


def without_times(ended: Any) -> str:
    """Return an outcome without the time of the change, which is in dates, versions and metadata."""
    text = re.sub(r"\d{4}-\d\d-\d\dT\d\d(:|%3A)\d\d(:|%3A)\d\d\.\d+Z", "", repr(ended))
    return re.sub(r"(TablesEntityDatetime|datetime\.datetime)\(\d[^)]*\)", r"\1", text)


@pytest.mark.parametrize("table", ["missing", "no", "under_score"])
@pytest.mark.parametrize("call", ["read", "merge", "deletion"])
def test_what_is_wrong_with_a_table_is_said_in_the_library_s_words(
    storage_connection: str, table: str, call: str
) -> None:
    library, ours = (
        outcome(partial(CALLS[call], kind.from_connection_string(storage_connection, table))) for kind in KINDS
    )
    assert ours == library


def test_the_time_of_a_change_is_the_library_s(storage_connection: str) -> None:
    with_rows(storage_connection)
    library, ours = (
        kind.from_connection_string(storage_connection, TABLE).get_entity("p", "known").metadata for kind in KINDS
    )
    assert described(dict(ours)) == described(dict(library))
    assert ours["timestamp"].tables_service_value == library["timestamp"].tables_service_value


def refused(status: int, code: str, **headers: str) -> requests.Response:
    body = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": f"this is {code}"}}})
    return answered(status, body, Content_Type="application/json", x_ms_request_id="r", **headers)


def found() -> requests.Response:
    body = json.dumps({"odata.etag": 'W/"1"', "PartitionKey": "p", "RowKey": "known"})
    return answered(200, body, Content_Type="application/json", x_ms_request_id="r", ETag='W/"1"')


@pytest.mark.parametrize("etag", ['W/"1"', None])
@pytest.mark.parametrize(
    "time",
    [f"2026-11-27T18:22:33{rest}" for rest in ("Z", ".1Z", ".123456Z", ".1234567Z", "", "+01:00", ".Z")] + ["soon", ""],
)
def test_a_time_is_read_as_by_the_library(time: str, etag: str | None) -> None:
    stored = {"PartitionKey": "p", "RowKey": "known", "at@odata.type": "Edm.DateTime", "at": time, "text": "t"}
    version = {"odata.etag": etag} if etag else {}
    seen = []
    for kind in KINDS:
        body = json.dumps({**version, **stored, "Timestamp": "2026-11-27T18:22:33.7654321Z"})
        session = Scripted(answered(200, body, Content_Type="application/json", x_ms_request_id="r"))
        options = {"credential": Tokens(timedelta(hours=1)), "session": session, "session_owner": False}
        table = kind(URL, TABLE, **options)
        ended = outcome(partial(CALLS["read"], table))
        seen.append((ended, repr(ended)))
    assert seen[0] == seen[1]


def challenged() -> requests.Response:
    challenge = 'Bearer authorization_uri="https://login.example/tenant/oauth2" resource_id="https://other.example"'
    return refused(401, "InvalidAuthenticationInfo", WWW_Authenticate=challenge)


FAULTS: dict[str, Callable[[], Answers]] = {
    "busy, then well": lambda: [refused(503, "ServerBusy"), found()],
    "busy for longer": lambda: [refused(503, "ServerBusy") for _ in range(9)],
    "asked to wait": lambda: [refused(429, "ServerBusy", Retry_After="0"), found()],
    "throttled without a body": lambda: [answered(500, x_ms_request_id="r") for _ in range(9)],
    "cut off, then well": lambda: [requests.ConnectionError("cut"), found()],
    "cut off for longer": lambda: [requests.ConnectionError("cut") for _ in range(9)],
    "slow for longer": lambda: [requests.exceptions.ReadTimeout("slow") for _ in range(9)],
    "changed meanwhile": lambda: [refused(412, "UpdateConditionNotSatisfied")],
    "there already": lambda: [refused(409, "EntityAlreadyExists")],
    "too large": lambda: [refused(413, "RequestBodyTooLarge")],
    "forbidden": lambda: [refused(403, "AuthorizationFailure")],
    "a code of its own": lambda: [refused(400, "OfNoOneElse")],
    "an error in no known form": lambda: [answered(400, "<html>", Content_Type="text/html", x_ms_request_id="r")],
    "an error that is no JSON": lambda: [answered(400, "{", Content_Type="application/json", x_ms_request_id="r")],
    "a proxy's page": lambda: [answered(200, "<html>", Content_Type="text/html") for _ in range(9)],
    "a proxy's way elsewhere": lambda: [answered(302, Location="https://proxy.example/") for _ in range(9)],
    "a row that is no JSON": lambda: [answered(200, "{", Content_Type="application/json", x_ms_request_id="r")],
    "asked for another token": lambda: [challenged(), found()],
    "asked for a token for ever": lambda: [challenged(), challenged()],
}


@pytest.mark.parametrize("call", ["read", "merge", "deletion"])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_met_as_by_the_library(
    fault: Callable[[], Answers], call: str, caplog: pytest.LogCaptureFixture
) -> None:
    library, ours = (
        course(partial(kind, URL, TABLE, retry_backoff_factor=0), CALLS[call], fault(), caplog) for kind in KINDS
    )
    assert ours == library


def test_an_answer_without_a_row_is_none() -> None:
    options = {"session": Scripted(answered(200, x_ms_request_id="r")), "session_owner": False}
    table = QuickTableClient(URL, TABLE, credential=Tokens(timedelta(hours=1)), **options)
    with pytest.raises(ServiceResponseError):
        table.get_entity("p", "known")


@pytest.mark.parametrize("lifetime", [timedelta(hours=1), timedelta(0)])
def test_a_token_is_asked_for_as_often_as_by_the_library(lifetime: timedelta) -> None:
    library, ours = (
        asked_tokens(partial(kind, URL, TABLE), CALLS["read"], lifetime, [found(), found()]) for kind in KINDS
    )
    assert ours == library
    assert len(ours) == (1 if lifetime else 2)
