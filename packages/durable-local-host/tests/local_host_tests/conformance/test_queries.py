"""Checks 60 to 63: the status query, listings and purges."""

from typing import Any

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import MANAGEMENT, on_conformance_app, sdk, status_of

pytestmark = on_conformance_app
INSTANCES = f"{MANAGEMENT}/instances"


@pytest.mark.check(60)
async def test_the_status_has_the_keys_and_times_of_the_real_host(app_host: AppHost) -> None:
    instance = await app_host.start("give_input", {"a": 1})
    await app_host.run_until_idle()
    answer = await app_host.http.get(f"{INSTANCES}/{instance}")
    assert answer.headers["Content-Type"] == "application/json; charset=utf-8"
    assert list(answer.json().items()) == [
        ("name", "give_input"),
        ("instanceId", instance),
        ("runtimeStatus", "Completed"),
        ("input", '{"a": 1}'),
        ("customStatus", None),
        ("output", {"input": {"a": 1}}),
        ("createdTime", "2026-01-01T00:00:00Z"),
        ("lastUpdatedTime", "2026-01-01T00:00:00Z"),
    ]
    assert (await status_of(app_host, instance, "?showInput=False"))["input"] is None


@pytest.mark.check(60)
async def test_history_is_shown_for_people_when_asked_for(app_host: AppHost) -> None:
    instance = await app_host.start("call_by_name", "A")
    shown = await status_of(app_host, instance, "?showHistory=true&showHistoryOutput=true")
    started, completed, ended = shown["historyEvents"]
    shown_start = {name: value for name, value in _without_times(started).items() if value}
    assert shown_start == {"EventType": "ExecutionStarted", "FunctionName": "call_by_name", "Input": '"\\"A\\""'}
    assert _without_times(completed) == {
        "EventType": "TaskCompleted",
        "FunctionName": "A",
        "Input": None,
        "Result": "x",
    }
    assert set(completed) - set(_without_times(completed)) == {"Timestamp", "ScheduledTime"}
    assert (ended["EventType"], ended["OrchestrationStatus"], ended["Result"]) == (
        "ExecutionCompleted",
        "Completed",
        "x",
    )


@pytest.mark.check(60)
async def test_results_stay_out_of_the_history_unless_asked_for(app_host: AppHost) -> None:
    instance = await app_host.start("call_by_name", "A")
    shown = await status_of(app_host, instance, "?showHistory=true")
    assert all("Result" not in event for event in shown["historyEvents"])


@pytest.mark.check(60)
async def test_work_that_has_not_ended_stands_in_the_history_as_scheduled(app_host: AppHost) -> None:
    instance = await app_host.start("timer_for", 60)
    shown = await status_of(app_host, instance, "?showHistory=true")
    assert [event["EventType"] for event in shown["historyEvents"]] == ["ExecutionStarted", "TimerCreated"]


@pytest.mark.check(60)
async def test_a_live_instance_answers_202_with_where_to_ask_again(app_host: AppHost) -> None:
    instance = await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    url = f"{app_host.origin}{INSTANCES}/{instance}?showInput=true"
    answer = await app_host.http.get(url)
    assert (answer.status, answer.headers["Location"], answer.headers["Retry-After"]) == (202, url, "5")


@pytest.mark.check(60)
async def test_an_unknown_instance_is_not_found(app_host: AppHost) -> None:
    answer = await app_host.http.get(f"{INSTANCES}/missing")
    assert (answer.status, answer.body) == (404, b"")
    assert await sdk(app_host, "get_status", "missing") is None


@pytest.mark.check(61)
async def test_a_failed_instance_answers_500_on_request(app_host: AppHost) -> None:
    instance = await app_host.start("call_by_name", "F")
    await app_host.run_until_idle()
    usual = await app_host.http.get(f"{INSTANCES}/{instance}")
    on_request = await app_host.http.get(f"{INSTANCES}/{instance}?returnInternalServerErrorOnFailure=true")
    assert (usual.status, on_request.status) == (200, 500)
    assert usual.json() == on_request.json()


@pytest.mark.check(62)
async def test_a_listing_comes_in_pages_in_order_of_id(app_host: AppHost) -> None:
    for name in ("c", "a", "b"):
        await app_host.start("return_at_once", instance_id=name)
    await app_host.run_until_idle()
    first = await app_host.http.get(f"{INSTANCES}?top=2")
    token = first.headers["x-ms-continuation-token"]
    second = await app_host.http.get(f"{INSTANCES}?top=2", headers={"x-ms-continuation-token": token})
    assert [_ids(first.json()), _ids(second.json())] == [["a", "b"], ["c"]]
    assert (token != "", second.headers["x-ms-continuation-token"]) == (True, "")


@pytest.mark.check(62)
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("runtimeStatus=Running", ["waiting-1"]),
        ("runtimeStatus=Completed,Failed", ["done-1", "failed-1"]),
        ("runtimeStatus=Completed&runtimeStatus=Failed", ["done-1", "failed-1"]),
        ("runtimeStatus=NoSuchStatus,Failed", ["failed-1"]),
        ("instanceIdPrefix=wait", ["waiting-1"]),
        ("createdTimeFrom=2026-01-01T01:00:00Z", ["waiting-1"]),
        ("createdTimeTo=2026-01-01T00:00:00Z", ["done-1", "failed-1"]),
    ],
)
async def test_a_listing_can_be_narrowed(app_host: AppHost, query: str, found: list[str]) -> None:
    await app_host.start("return_at_once", instance_id="done-1")
    await app_host.start("return_at_once", "raise", instance_id="failed-1")
    await app_host.advance(hours=1)
    await app_host.start("wait_for_event", instance_id="waiting-1")
    await app_host.run_until_idle()
    assert _ids((await app_host.http.get(f"{INSTANCES}?{query}")).json()) == found


@pytest.mark.check(62)
async def test_entities_stand_among_the_instances(app_host: AppHost) -> None:
    await app_host.signal_entity("counter", "k", "add", 1)
    await app_host.run_until_idle()
    (entity,) = (await app_host.http.get(INSTANCES)).json()
    assert (entity["name"], entity["runtimeStatus"]) == ("@counter@k", "Running")


@pytest.mark.check(63)
async def test_a_purge_by_time_takes_ended_instances_only(app_host: AppHost) -> None:
    await app_host.start("return_at_once", instance_id="done-1")
    await app_host.start("wait_for_event", instance_id="waiting-1")
    await app_host.run_until_idle()
    purged = await app_host.http.delete(f"{INSTANCES}?createdTimeFrom=2025-01-01T00:00:00Z")
    assert (purged.status, purged.json()) == (200, {"instancesDeleted": 1})
    assert (await app_host.http.get(f"{INSTANCES}/done-1")).status == 404
    assert (await app_host.http.get(f"{INSTANCES}/waiting-1")).status == 202
    assert (await app_host.http.delete(f"{INSTANCES}?createdTimeFrom=2025-01-01T00:00:00Z")).status == 404


@pytest.mark.check(63)
async def test_a_purge_without_a_time_is_refused(app_host: AppHost) -> None:
    answer = await app_host.http.delete(INSTANCES)
    assert (answer.status, answer.json()) == (400, "Please provide value for 'createdTimeFrom' parameter.")


@pytest.mark.check(63)
async def test_a_single_purge_takes_an_ended_instance_and_refuses_a_live_one(app_host: AppHost) -> None:
    done, live = await app_host.start("return_at_once"), await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    assert await sdk(app_host, "purge_instance_history", done) == 1
    assert await sdk(app_host, "purge_instance_history", done) == 0
    assert (await app_host.http.delete(f"{INSTANCES}/{live}")).status == 412


async def test_a_parameter_that_cannot_be_read_is_refused_by_name(app_host: AppHost) -> None:
    answer = await app_host.http.get(f"{INSTANCES}?createdTimeFrom=yesterday")
    assert answer.status == 400
    assert "'createdTimeFrom'" in answer.json()["Message"]


@pytest.mark.parametrize("path", ["", "/nothing", "/instances/a/b/c", "/orchestrators"])
async def test_an_unknown_path_is_not_found(app_host: AppHost, path: str) -> None:
    answer = await app_host.http.get(MANAGEMENT + path)
    assert (answer.status, answer.body) == (404, b"")


async def test_literal_parts_of_the_path_ignore_case(app_host: AppHost) -> None:
    assert (await app_host.http.get("/Runtime/Webhooks/DurableTask/Instances/")).json() == []


def _ids(listed: list[dict[str, Any]]) -> list[str]:
    return [each["instanceId"] for each in listed]


def _without_times(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name not in ("Timestamp", "ScheduledTime")}
