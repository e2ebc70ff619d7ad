"""What the management API cannot take is refused by name, and what only looks odd goes through."""

import asyncio
import json

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import MANAGEMENT, on_conformance_app

pytestmark = on_conformance_app


@pytest.mark.parametrize("path", ["instances", "entities"])
@pytest.mark.parametrize("token", [b"\xff", b"\xed\xa0\x80"], ids=["no text", "half a pair"])
async def test_a_continuation_that_is_no_text_is_refused_by_name(app_host: AppHost, path: str, token: bytes) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(app_host.origin.rpartition(":")[2]))
    request = f"GET {MANAGEMENT}/{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nx-ms-continuation-token: "
    writer.write(request.encode() + token + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"x-ms-continuation-token" in answer


@pytest.mark.parametrize(
    "query",
    [
        "instances?instanceIdPrefix=a%00b",
        "instances?createdTimeFrom=0001-01-01T00:00:00%2B14:00",
        "instances?createdTimeTo=9999-12-31T23:59:59-14:00",
        "entities?lastOperationTimeFrom=0001-01-01T00:00:00%2B00:01",
        "entities?lastOperationTimeTo=9999-12-31T23:59:59.9999999-00:01",
    ],
)
async def test_what_lies_beyond_the_calendar_or_in_no_id_is_refused_by_name(app_host: AppHost, query: str) -> None:
    answer = await app_host.http.get(f"{MANAGEMENT}/{query}")
    name = query.partition("?")[2].partition("=")[0]
    assert (answer.status, f"'{name}'" in answer.json()["Message"]) == (400, True)


@pytest.mark.parametrize("body", ['"\\ud800"', '{"a\\udfff": ["\\ud83d"]}'])
async def test_half_a_surrogate_pair_goes_through_an_instance_and_an_entity(app_host: AppHost, body: str) -> None:
    value = json.loads(body)
    assert (await app_host.wait(await app_host.start("give_input", value))).output == {"input": value}
    headers = {"Content-Type": "application/json"}
    path = f"{MANAGEMENT}/entities/counter/half?op=keep"
    assert (await app_host.http.post(path, data=body, headers=headers)).status == 202


async def test_half_a_surrogate_pair_is_shown_and_hides_no_other_instance(app_host: AppHost) -> None:
    await app_host.wait(await app_host.start("give_input", 1))
    odd = await app_host.start("give_input", {"a": "\ud800"})
    await app_host.wait(odd)
    for query in ("instances", f"instances/{odd}?showHistory=true&showHistoryOutput=true&showInput=true"):
        answer = await app_host.http.get(f"{MANAGEMENT}/{query}")
        assert answer.status == 200, query
        assert "\\ud800" in answer.text, query


async def test_json_that_is_nested_too_deeply_is_refused(app_host: AppHost) -> None:
    headers, body = {"Content-Type": "application/json"}, "[" * 100_000 + "]" * 100_000
    for path in ("orchestrators/give_input", "entities/counter/deep?op=keep"):
        assert (await app_host.http.post(f"{MANAGEMENT}/{path}", data=body, headers=headers)).status == 400
