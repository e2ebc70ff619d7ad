"""Checks 56 to 59: suspend, terminate, restart and rewind, over HTTP and through the SDK's client."""

import asyncio

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import (
    MANAGEMENT,
    ClientError,
    events_of,
    on_conformance_app,
    raise_raw,
    scheduled_ids,
    sdk,
    status_of,
)

pytestmark = on_conformance_app


async def post(app_host: AppHost, instance_id: str, operation: str) -> int:
    return (await app_host.http.post(f"{MANAGEMENT}/instances/{instance_id}/{operation}")).status


@pytest.mark.check(56)
async def test_a_suspended_instance_acts_on_its_events_after_resume(app_host: AppHost) -> None:
    instance = await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    assert await post(app_host, instance, "suspend?reason=lunch") == 202
    await app_host.run_until_idle()
    held = await app_host.http.get(f"{MANAGEMENT}/instances/{instance}")
    assert (held.status, held.json()["runtimeStatus"], held.json()["output"]) == (202, "Suspended", "lunch")
    assert await post(app_host, instance, "suspend") == 500
    assert await raise_raw(app_host, instance, "E", "1") == 202
    assert (await status_of(app_host, instance))["runtimeStatus"] == "Suspended"
    assert await post(app_host, instance, "resume?reason=back") == 202
    assert (await app_host.wait(instance)).output["got"] == 1


@pytest.mark.check(56)
async def test_an_instance_that_is_not_suspended_cannot_be_resumed(app_host: AppHost) -> None:
    instance = await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    assert await post(app_host, instance, "resume") == 500


@pytest.mark.check(57)
async def test_a_terminated_instance_drops_the_late_result_and_cannot_be_terminated_again(app_host: AppHost) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(value: object) -> object:
        has_begun.set()
        await may_end.wait()
        return value

    app_host.replace_activity("A", slow)
    instance = await app_host.start("two_steps")
    await has_begun.wait()
    await sdk_terminate(app_host, instance)
    may_end.set()
    status = await status_of(app_host, instance)
    assert (status["runtimeStatus"], status["output"]) == ("Terminated", "not wanted")
    assert 5 not in [event["EventType"] for event in await events_of(app_host, instance)]
    assert await post(app_host, instance, "terminate?reason=again") == 410


async def sdk_terminate(app_host: AppHost, instance_id: str) -> None:
    """As the SDK's client does, without waiting for the app to be idle."""
    body = {"args": [instance_id, "not wanted"]}
    assert (await app_host.http.post("/api/client/terminate", json=body)).json() == {"result": None}
    # The running activity keeps the host from being idle, so wait for the status instead.
    await app_host.operations.wait_ended(instance_id)


@pytest.mark.check(57)
@pytest.mark.parametrize("operation", ["terminate", "suspend", "resume", "rewind"])
async def test_operations_on_a_missing_instance_are_not_found_and_on_an_ended_one_are_gone(
    app_host: AppHost, operation: str
) -> None:
    assert await post(app_host, "missing", f"{operation}?reason=x") == 404
    ended = await app_host.start("return_at_once")
    await app_host.wait(ended)
    assert await post(app_host, ended, f"{operation}?reason=x") == (412 if operation == "rewind" else 410)


@pytest.mark.check(58)
@pytest.mark.parametrize("with_new_id", [True, False])
async def test_a_restart_runs_the_same_orchestrator_with_the_same_input(app_host: AppHost, with_new_id: bool) -> None:
    first = await app_host.start("give_input", {"n": 1})
    await app_host.wait(first)
    answer = await sdk(app_host, "restart", first, with_new_id)
    assert (answer["id"] == first) is not with_new_id
    again = await app_host.wait(answer["id"])
    assert (again.name, again.input, again.output) == ("give_input", '{"n": 1}', {"input": {"n": 1}})


@pytest.mark.check(58)
async def test_a_restart_of_a_missing_instance_or_under_a_live_id_is_refused(app_host: AppHost) -> None:
    assert await post(app_host, "missing", "restart") == 400
    live = await app_host.start("wait_for_event")
    assert await post(app_host, live, "restart?restartWithNewInstanceId=false") == 409


@pytest.mark.check(59)
async def test_a_failed_instance_can_be_rewound_once_the_cause_is_gone(app_host: AppHost) -> None:
    instance = await app_host.start("needs_luck")
    assert (await app_host.wait(instance)).runtime_status == "Failed"
    app_host.replace_activity("F", lambda value: f"{value} went well")
    await sdk(app_host, "rewind", instance, "fixed")
    done = await app_host.wait(instance)
    assert (done.runtime_status, done.output) == ("Completed", "y went well")
    assert scheduled_ids(await events_of(app_host, instance)) == [0, 1]
    assert [call.name for call in app_host.activity_calls] == ["A", "F", "F"]


@pytest.mark.check(59)
async def test_only_a_failed_instance_can_be_rewound(app_host: AppHost) -> None:
    live = await app_host.start("wait_for_event")
    await app_host.run_until_idle()
    with pytest.raises(ClientError, match="Only a failed instance can be rewound"):
        await sdk(app_host, "rewind", live, "x")
