"""External events: before, during and after the wait for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from local_host.engine.errors import InstanceEnded, InstanceNotFound, InvalidJson
from local_host.engine.status import RuntimeStatus
from local_host_tests.small_app import Code, Context, SmallApp, output_of, running


@pytest.fixture
def app() -> SmallApp:
    app = SmallApp()

    @app.orchestrator
    def waits(context: Context) -> Code:
        return (yield context.wait_for_external_event("E"))

    @app.orchestrator
    def works_then_waits(context: Context) -> Code:
        yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
        return (yield context.wait_for_external_event("E"))

    return app


async def test_an_event_of_the_sdk_arrives_as_text_of_json_and_a_raw_one_as_its_value(app: SmallApp) -> None:
    async with running(app) as engine:
        of_sdk, raw = await engine.start("waits"), await engine.start("waits")
        await engine.raise_event(of_sdk, "E", {"a": 1})
        await engine.operations.raise_event(raw, "E", '{"a": 1}')
        await engine.worker.until_idle()
        outputs = [output_of(await engine.status(each)) for each in (of_sdk, raw)]

    assert outputs == ['{"a": 1}', {"a": 1}]


async def test_an_event_that_comes_before_the_wait_is_kept_for_it(app: SmallApp) -> None:
    async with running(app) as engine:
        instance_id = await engine.start("works_then_waits")
        await engine.raise_event(instance_id, "E", 5)
        await engine.clock.advance(hours=1)
        status = await engine.status(instance_id)

    assert output_of(status) == "5"


async def test_an_event_for_an_instance_that_has_not_begun_is_delivered_after_its_start(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.operations.start("waits", None, "w")
        await engine.operations.raise_event("w", "E", "1")
        await engine.worker.until_idle()
        status = await engine.status("w")

    assert output_of(status) == 1


async def test_of_two_waits_for_one_name_the_later_gets_the_first_event(app: SmallApp) -> None:
    @app.orchestrator
    def two(context: Context) -> Code:
        waits = [context.wait_for_external_event("E"), context.wait_for_external_event("E")]
        return (yield context.task_all(waits))

    async with running(app) as engine:
        instance_id = await engine.start(two)
        for value in (1, 2):
            await engine.operations.raise_event(instance_id, "E", str(value))
            await engine.worker.until_idle()
        status = await engine.status(instance_id)

    assert output_of(status) == [2, 1]


async def test_an_event_in_another_case_does_not_resume_the_code(app: SmallApp) -> None:
    async with running(app) as engine:
        instance_id = await engine.start("waits")
        await engine.raise_event(instance_id, "e", 1)
        status = await engine.status(instance_id)

    assert status.runtime_status is RuntimeStatus.RUNNING


async def test_an_event_beats_a_cancelled_timer_and_completes_at_once(app: SmallApp) -> None:
    @app.orchestrator
    def race(context: Context) -> Code:
        timer = context.create_timer(context.current_utc_datetime + timedelta(hours=24))
        approval = context.wait_for_external_event("approval")
        winner = yield context.task_any([approval, timer])
        if winner == approval:
            timer.cancel()
            return approval.result
        return "timed out"

    async with running(app) as engine:
        approved, forgotten = await engine.start(race), await engine.start(race)
        await engine.raise_event(approved, "approval", "yes")
        first = await engine.status(approved)
        await engine.clock.advance(hours=24)
        second = await engine.status(forgotten)

    assert (output_of(first), output_of(second)) == ('"yes"', "timed out")


async def test_events_for_a_missing_or_ended_instance_or_without_json_are_refused(app: SmallApp) -> None:
    async with running(app) as engine:
        instance_id = await engine.start("waits")
        with pytest.raises(InstanceNotFound):
            await engine.operations.raise_event("missing", "E", "1")
        with pytest.raises(InvalidJson):
            await engine.operations.raise_event(instance_id, "E", "{bad")
        await engine.raise_event(instance_id, "E", 1)
        with pytest.raises(InstanceEnded):
            await engine.operations.raise_event(instance_id, "E", "1")


class TestContinueAsNew:
    async def test_each_run_begins_anew_under_the_same_id(self, app: SmallApp) -> None:
        @app.orchestrator
        def loop(context: Context) -> Code:
            number = context.get_input() or 0
            yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))
            if number < 3:
                context.continue_as_new(number + 1)
            else:
                return number

        async with running(app) as engine:
            instance_id = await engine.start(loop)
            await engine.clock.advance(hours=3)
            running_status = await engine.status(instance_id)
            await engine.clock.advance(hours=1)
            ended = await engine.status(instance_id)

        assert running_status.runtime_status is RuntimeStatus.RUNNING
        assert (output_of(ended), ended.input) == (3, '"3"')
        assert ended.history is not None
        assert [e["EventType"] for e in ended.history] == [12, 0, 10, 13, 12, 11, 1, 13]
        assert ended.created_at > running_status.created_at - timedelta(seconds=1)

    async def test_an_open_timer_is_waited_for_first_and_events_meanwhile_reach_the_next_run(
        self, app: SmallApp
    ) -> None:
        @app.orchestrator
        def loop(context: Context) -> Code:
            if context.get_input() is not None:
                first = yield context.wait_for_external_event("E")
                second = yield context.wait_for_external_event("F")
                return [first, second]
            timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
            yield context.task_any([timer, context.wait_for_external_event("go")])
            context.continue_as_new("next")

        async with running(app) as engine:
            instance_id = await engine.start(loop)
            await engine.raise_event(instance_id, "go")
            await engine.raise_event(instance_id, "E", 1)
            before = await engine.status(instance_id)
            await engine.clock.advance(hours=1)
            await engine.raise_event(instance_id, "F", 2)
            after = await engine.status(instance_id)

        assert before.input is None
        assert output_of(after) == ["1", "2"]

    async def test_guids_of_two_runs_at_the_same_moment_differ(self, app: SmallApp) -> None:
        seen: list[str] = []

        @app.orchestrator
        def loop(context: Context) -> Any:
            seen.append(str(context.new_guid()))
            if context.get_input() is None:
                context.continue_as_new("again")

        async with running(app) as engine:
            await engine.start(loop)

        assert len(set(seen)) == 2
