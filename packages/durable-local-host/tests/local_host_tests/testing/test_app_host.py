"""The test kit: what it promises to those who write tests with it."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import sys
from importlib import import_module

import azure.durable_functions as df
import pytest

from local_host.engine.errors import InstanceNotFound
from local_host.testing import Activity, AppHost, ReplayFailed, StillRunning, replay, running_app
from local_host_tests.conformance.support import APPS, on_conformance_app

pytestmark = on_conformance_app


async def test_two_days_pass_in_no_time(app_host: AppHost) -> None:
    begun = app_host.clock.now()
    instance = await app_host.start("timer_for", 48 * 3600)
    await app_host.advance(hours=48)
    done = await app_host.wait(instance)
    assert done.output == "fired"
    assert (app_host.clock.now() - begun).total_seconds() == 48 * 3600


async def test_waiting_in_vain_says_for_what(app_host: AppHost) -> None:
    timer = await app_host.start("timer_for", 60)
    with pytest.raises(StillRunning, match=r"is still Running and waits for the timer of 2026-01-01T00:01:00"):
        await app_host.wait(timer)
    event = await app_host.start("wait_for_event", instance_id="e")
    with pytest.raises(StillRunning, match="wait_for_event 'e' is still Running and waits for an event"):
        await app_host.wait(event)


async def test_replaced_activities_are_called_instead_and_noted(app_host: AppHost) -> None:
    app_host.replace_activity("a", lambda value: value * 10)
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [10, 20]
    assert [(call.name, call.input) for call in app_host.activity_calls] == [("A", 1), ("A", 2)]


async def test_a_name_that_no_activity_has_is_refused(app_host: AppHost) -> None:
    with pytest.raises(LookupError, match="There is no activity 'missing'; the app has A, F"):
        app_host.replace_activity("missing", lambda value: value)


async def test_the_nth_call_of_an_activity_fails(app_host: AppHost) -> None:
    app_host.fail_activity("A", attempt=2, error=TimeoutError("too slow"))
    failed = await app_host.wait(await app_host.start("two_steps"))
    assert "Activity function 'A' failed: TimeoutError: too slow" in failed.output


async def test_everything_twice_changes_nothing_but_the_number_of_calls(app_host: AppHost) -> None:
    app_host.run_everything_twice()
    assert (await app_host.wait(await app_host.start("signal_then_call", "k"))).output == 15
    assert await app_host.entity("counter", "k") == 15
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [1, 2]
    assert [call.input for call in app_host.activity_calls] == [1, 1, 2, 2]


async def test_a_wrapped_activity_acts_as_its_wrapper_lets_it_until_it_is_restored(app_host: AppHost) -> None:
    acted: list[int] = []

    async def loses_its_answer(value: int, activity: Activity) -> None:
        acted.append(await activity(value))
        raise ConnectionError("lost")

    app_host.wrap_activity("A", loses_its_answer)
    assert "ConnectionError: lost" in (await app_host.wait(await app_host.start("two_steps"))).output
    assert acted == [1]
    app_host.wrap_activity("A", lambda value, activity: activity(value * 10))
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [10, 20]
    app_host.restore_activity("A")
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [1, 2]


async def test_what_the_app_raises_inside_a_wrapper_keeps_its_name(app_host: AppHost) -> None:
    app_host.wrap_activity("F", lambda value, activity: activity(value))
    caught = await app_host.wait(await app_host.start("catch_failure"))
    assert "Activity function 'F' failed: ValueError: boom" in caught.output


async def test_everything_twice_at_once_runs_both_before_either_has_answered(app_host: AppHost) -> None:
    begun: list[int] = []
    both = asyncio.Event()

    async def the_first_fails_once_both_run(value: int) -> int:
        begun.append(value)
        if len(begun) % 2:
            await both.wait()
            raise RuntimeError("one answer is enough")
        both.set()
        return value

    app_host.run_everything_twice(at_once=True)
    app_host.replace_activity("A", the_first_fails_once_both_run)
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [1, 2]
    assert begun == [1, 1, 2, 2]


async def test_runs_of_an_orchestrator_are_counted_with_its_replays(app_host: AppHost) -> None:
    await app_host.wait(await app_host.start("two_steps"))
    assert app_host.orchestrator_runs == {"two_steps": 3}


async def test_work_that_fails_without_a_crash_says_so(app_host: AppHost) -> None:
    with pytest.raises(InstanceNotFound):
        await app_host.crashes_during(app_host.status("missing"))


@pytest.mark.app_host(on_file=True)
@pytest.mark.parametrize("after", [False, True])
async def test_an_instance_survives_a_crash_at_every_one_of_its_commits(app_host: AppHost, after: bool) -> None:
    for commits in itertools.count(1):
        instance = f"one-{commits}"
        (app_host.crash_after_commit if after else app_host.crash_before_commit)(commits)
        if not await app_host.crashes_during(_run_to_its_end(app_host, instance)):
            break
        await app_host.restart()
        await _start_unless_known(app_host, instance)
        assert (await app_host.wait(instance)).output == [1, 2]
    assert commits > 2


async def _run_to_its_end(app_host: AppHost, instance: str) -> None:
    await app_host.start("two_steps", instance_id=instance)
    await app_host.operations.wait_ended(instance)


async def _start_unless_known(app_host: AppHost, instance: str) -> None:
    """Send the request again, as a caller without an answer does; what was stored before is found."""
    try:
        await app_host.status(instance)
    except InstanceNotFound:
        await app_host.start("two_steps", instance_id=instance)


async def test_state_in_memory_cannot_be_restarted(app_host: AppHost) -> None:
    with pytest.raises(ValueError, match="give the host a state file"):
        await app_host.restart()


async def test_a_recorded_history_replays_with_the_same_code(app_host: AppHost) -> None:
    await app_host.start("two_steps", instance_id="one")
    recording = json.loads(json.dumps(await app_host.record("one")))
    replay(import_module("conformance_orchestrators").two_steps, recording)


async def test_a_recorded_history_finds_out_changed_code(app_host: AppHost) -> None:
    await app_host.start("two_steps", instance_id="one")
    recording = await app_host.record("one")

    def other_activity(context: df.DurableOrchestrationContext):
        yield context.call_activity("Renamed", 1)
        yield context.call_activity("A", 2)

    def one_step_more(context: df.DurableOrchestrationContext):
        for number in range(3):
            yield context.call_activity("A", number)

    def one_step_less(context: df.DurableOrchestrationContext):
        yield context.call_activity("A", 1)

    def fails_at_once(context: df.DurableOrchestrationContext):
        raise RuntimeError("no")

    for code, message in [
        (other_activity, "two_steps no longer replays: "),
        (one_step_more, r"it now asks for A \(id 2\), but the recorded instance had ended \(Completed\) without it"),
        (one_step_less, "two_steps no longer replays: "),
        (fails_at_once, "two_steps failed while it replayed: RuntimeError: no"),
    ]:
        with pytest.raises(ReplayFailed, match=message):
            replay(code, recording)


async def test_a_recording_of_a_running_instance_may_go_on(app_host: AppHost) -> None:
    instance = await app_host.start("work_then_wait")
    replay(import_module("conformance_orchestrators").work_then_wait, await app_host.record(instance))


async def test_functions_of_other_triggers_are_run_by_name(app_host: AppHost) -> None:
    await app_host.run("nightly")
    with pytest.raises(KeyError):
        await app_host.run("missing")


@pytest.mark.app_host(settings={"GREETING": "hello"})
async def test_settings_hold_while_the_app_runs(app_host: AppHost) -> None:
    assert os.environ["GREETING"] == "hello"


async def test_each_app_is_known_by_its_own_module_while_it_runs(app_host: AppHost) -> None:
    outer = sys.modules["function_app"]
    async with running_app(APPS / "accounts") as other:
        assert sys.modules["function_app"] is not outer
        await other.signal_entity("counter", "k", "add", 1)
        assert await other.entity("counter", "k") == 1
    assert sys.modules["function_app"] is outer
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [1, 2]
