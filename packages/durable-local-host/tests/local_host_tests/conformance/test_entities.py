"""Checks 48 and 50 to 53: entities, as orchestrations, the SDK's client and raw HTTP see them."""

import json

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import (
    MANAGEMENT,
    ClientError,
    events_of,
    on_conformance_app,
    scheduled_ids,
    sdk,
    types,
)

pytestmark = on_conformance_app
COUNTER = {"entity": ["counter", "k"]}


@pytest.mark.check(48)
async def test_a_signal_before_a_call_is_done_before_it(app_host: AppHost) -> None:
    instance = await app_host.start("signal_then_call")
    assert (await app_host.wait(instance)).output == 15
    events = await events_of(app_host, instance)
    assert [event["EventId"] for event in events if event["EventType"] == 14] == [0, 1]
    assert scheduled_ids(events) == [0, 1]
    reply = next(event for event in events if event["EventType"] == 15)
    assert json.loads(events[types(events).index(14) + 1]["Input"])["id"] == reply["Name"]
    assert await app_host.entity("counter", "k") == 15


@pytest.mark.check(50)
async def test_a_failing_operation_fails_its_caller_and_keeps_what_it_changed(app_host: AppHost) -> None:
    assert (await app_host.wait(await app_host.start("fail_entity"))).output == "no such luck"
    assert await app_host.entity("counter", "k") == 1000


@pytest.mark.check(51)
async def test_a_hundred_signals_are_all_counted(app_host: AppHost) -> None:
    for _ in range(100):
        await app_host.signal_entity("counter", "k", "add", 1)
    assert await app_host.entity("counter", "k") == 100


@pytest.mark.check(52)
async def test_an_entity_that_destructs_itself_stays_with_the_state_null(app_host: AppHost) -> None:
    await app_host.signal_entity("counter", "k", "add", 1)
    await app_host.run_until_idle()
    assert await sdk(app_host, "read_entity_state", COUNTER) == {"exists": True, "state": 1}
    await app_host.signal_entity("counter", "k", "forget")
    await app_host.run_until_idle()
    answer = await app_host.http.get(f"{MANAGEMENT}/entities/counter/k")
    assert (answer.status, answer.json()) == (200, None)
    assert (await sdk(app_host, "read_entity_state", COUNTER))["exists"] is True


@pytest.mark.check(53)
async def test_a_signal_of_the_sdk_brings_its_value(app_host: AppHost) -> None:
    await sdk(app_host, "signal_entity", COUNTER, "add", 5)
    assert await app_host.entity("counter", "k") == 5
    answer = await app_host.http.get(f"{MANAGEMENT}/entities/COUNTER/k")
    assert (answer.status, answer.json()) == (200, 5)


@pytest.mark.check(53)
async def test_a_raw_number_is_no_input_that_the_sdk_can_read(app_host: AppHost) -> None:
    await app_host.signal_entity("counter", "k", "add", 5)
    answer = await app_host.http.post(f"{MANAGEMENT}/entities/counter/k?op=add", json=5)
    assert (answer.status, answer.body) == (202, b"")
    assert await app_host.entity("counter", "k") == 5


async def test_signals_that_cannot_be_delivered_are_refused(app_host: AppHost) -> None:
    unknown = await app_host.http.post(f"{MANAGEMENT}/entities/missing/k?op=add", json="1")
    assert unknown.status == 400
    assert "'counter'" in unknown.json()["Message"]
    bad = await app_host.http.post(
        f"{MANAGEMENT}/entities/counter/k?op=add", data="{bad", headers={"Content-Type": "application/json"}
    )
    assert bad.status == 400
    with pytest.raises(ClientError, match="unexpected status code 400"):
        await sdk(app_host, "signal_entity", {"entity": ["missing", "k"]}, "add", 1)


async def test_entities_are_listed_by_name_and_key_with_their_state_when_asked_for(app_host: AppHost) -> None:
    for key in ("b", "a"):
        await app_host.signal_entity("counter", key, "add", 2)
    await app_host.run_until_idle()
    listed = (await app_host.http.get(f"{MANAGEMENT}/entities/counter?fetchState=true&top=1")).json()
    assert listed == [
        {"entityId": {"name": "counter", "key": "a"}, "lastOperationTime": "2026-01-01T00:00:00.000000Z", "state": 2}
    ]
    without_state = (await app_host.http.get(f"{MANAGEMENT}/entities")).json()
    assert [each["state"] for each in without_state] == [None, None]
