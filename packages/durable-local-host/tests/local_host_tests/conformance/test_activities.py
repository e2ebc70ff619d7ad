"""Checks 23, 26 to 30, 35 and 68: activities, their results and failures, and what the history says of them."""

import asyncio
import json

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import events_of, on_conformance_app, scheduled_ids, types

pytestmark = on_conformance_app


@pytest.mark.check(23)
async def test_two_steps_leave_the_history_of_the_real_host(app_host: AppHost) -> None:
    instance = await app_host.start("two_steps")
    assert (await app_host.wait(instance)).output == [1, 2]
    events = await events_of(app_host, instance)
    assert types(events) == [12, 0, 4, 13, 12, 5, 4, 13, 12, 5, 1, 13]
    assert scheduled_ids(events) == [0, 1]


@pytest.mark.check(26)
async def test_fanned_out_activities_are_scheduled_at_once_and_answer_in_list_order(app_host: AppHost) -> None:
    finished = {n: asyncio.Event() for n in range(3)}

    async def last_one_first(n: int) -> int:
        if n < 2:
            await finished[n + 1].wait()
        finished[n].set()
        return n * 10

    app_host.replace_activity("A", last_one_first)
    instance = await app_host.start("fan_out")
    assert (await app_host.wait(instance)).output == [0, 10, 20]
    events = await events_of(app_host, instance)
    assert types(events)[:6] == [12, 0, 4, 4, 4, 13]
    assert scheduled_ids(events) == [0, 1, 2]
    assert [event["TaskScheduledId"] for event in events if event["EventType"] == 5] == [2, 1, 0]


@pytest.mark.check(27)
async def test_an_uncaught_failure_fails_the_instance_with_the_text_of_the_real_host(app_host: AppHost) -> None:
    failed = await app_host.wait(await app_host.start("call_by_name", "F"))
    assert failed.runtime_status == "Failed"
    text, _, details = failed.output.partition(" \n ")
    assert text == "Orchestrator function 'call_by_name' failed: Activity function 'F' failed: ValueError: boom"
    inner = json.loads(details)["InnerException"]
    assert inner["RemoteMessage"] == "ValueError: boom"
    assert "conformance_activities.py" in inner["RemoteStackTrace"]
    assert "caller.py" not in inner["RemoteStackTrace"]


@pytest.mark.check(28)
async def test_a_caught_failure_holds_its_message_as_json_in_its_second_line(app_host: AppHost) -> None:
    caught = (await app_host.wait(await app_host.start("catch_failure"))).output
    assert json.loads(caught.split("\n")[1])["Message"] == "ValueError: boom"


@pytest.mark.check(29)
async def test_a_result_that_is_not_json_fails_the_activity(app_host: AppHost) -> None:
    failed = await app_host.wait(await app_host.start("give_type", "datetime"))
    assert failed.runtime_status == "Failed"
    assert "ValueError: activity trigger output must be json serializable" in failed.output


@pytest.mark.check(30)
@pytest.mark.parametrize(("kind", "result"), [("none", None), ("date_text", "2026-01-01T00:00:00Z"), ("tuple", [1, 2])])
async def test_a_result_arrives_as_its_json_says(app_host: AppHost, kind: str, result: object) -> None:
    assert (await app_host.wait(await app_host.start("give_type", kind))).output == result


@pytest.mark.check(35)
async def test_a_compensation_is_scheduled_only_when_every_sibling_has_ended(app_host: AppHost) -> None:
    may_end = asyncio.Event()
    has_begun = asyncio.Event()
    order: list[object] = []

    async def slow_or_compensation(what: object) -> None:
        order.append(f"{what} begins")
        if what == "slow":
            has_begun.set()
            await may_end.wait()
        order.append(f"{what} ends")

    app_host.replace_activity("A", slow_or_compensation)
    instance = await app_host.start("compensate_after_failure")
    await has_begun.wait()
    may_end.set()
    assert (await app_host.wait(instance)).output == "compensated"
    assert order == ["slow begins", "slow ends", "compensate begins", "compensate ends"]
    kinds = types(await events_of(app_host, instance))
    assert kinds.index(5) < len(kinds) - 1 - kinds[::-1].index(4)


@pytest.mark.check(68)
async def test_an_orchestrator_without_yield_completes_or_fails_at_once(app_host: AppHost) -> None:
    done = await app_host.wait(await app_host.start("return_at_once"))
    assert (done.runtime_status, done.output) == ("Completed", 3)
    failed = await app_host.wait(await app_host.start("return_at_once", "raise"))
    assert failed.runtime_status == "Failed"
    assert "ValueError: not even begun" in failed.output
