"""Suspend, resume, terminate, rewind, restart, purge, and versions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from local_host.config import DurableConfig, Overridable, VersionFailure, VersionMatch
from local_host.errors import (
    AlreadySuspended,
    InstanceEnded,
    InstanceExists,
    InstanceLive,
    InstanceNotFound,
    InvalidInstanceId,
    NotRewindable,
    NotSuspended,
    UnknownFunction,
)
from local_host.status import RuntimeStatus
from local_host.views import InstanceFilter
from tests.local_host.small_app import Code, Context, Engine, SmallApp, event_types, output_of, running


@pytest.fixture
def app() -> SmallApp:
    app = SmallApp()

    @app.orchestrator
    def waits(context: Context) -> Code:
        return (yield context.wait_for_external_event("E"))

    @app.orchestrator
    def says(context: Context) -> Any:
        return context.get_input()

    return app


async def settle(engine: Engine) -> None:
    await engine.worker.until_idle()


class TestStart:
    async def test_a_live_id_is_refused_and_its_instance_left_alone(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            with pytest.raises(InstanceExists, match="status Running already exists"):
                await engine.operations.start("says", None, "x")
            await engine.raise_event("x", "E", 1)
            status = await engine.status("x")

        assert (status.name, output_of(status)) == ("waits", "1")

    async def test_an_ended_id_is_started_anew_without_its_old_history(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.run("says", 1, instance_id="x")
            status = await engine.run("says", 2, instance_id="x")

        assert (output_of(status), event_types(status)) == (2, [0, 1])

    async def test_a_live_id_is_replaced_when_the_settings_allow_it(self, app: SmallApp) -> None:
        config = DurableConfig(overridable_existing_instance_states=Overridable.ANY)
        async with running(app, config=config) as engine:
            await engine.start("waits", instance_id="x")
            status = await engine.run("says", 2, instance_id="x")

        assert output_of(status) == 2

    @pytest.mark.parametrize("instance_id", ["", "@x", "a/b", "a\\b", "a#b", "a?b", "a\nb", "x" * 257])
    async def test_an_id_the_hub_cannot_take_is_refused(self, app: SmallApp, instance_id: str) -> None:
        async with running(app) as engine:
            with pytest.raises(InvalidInstanceId):
                await engine.operations.start("says", None, instance_id)

    async def test_an_unknown_orchestrator_is_refused_with_the_known_names(self, app: SmallApp) -> None:
        async with running(app) as engine:
            with pytest.raises(UnknownFunction, match=r"known orchestrator functions: 'waits', 'says'\."):
                await engine.operations.start("nobody")

    async def test_a_given_input_that_is_no_text_fails_in_the_sdk_and_an_object_does_not(self, app: SmallApp) -> None:
        async with running(app) as engine:
            number = await engine.operations.start("says", "5")
            table = await engine.operations.start("says", '{"a": 1}')
            await settle(engine)
            of_number, of_table = await engine.status(number), await engine.status(table)

        assert "the JSON object must be str, bytes or bytearray, not int" in (of_number.output or "")
        assert (of_table.input, output_of(of_table)) == ('{"a":1}', {"a": 1})

    async def test_an_instance_is_pending_until_its_first_episode_is_stored(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.worker.stop()
            await engine.operations.start("waits", None, "x")
            pending = await engine.status("x")
            await engine.worker.start()
            await settle(engine)
            running_status = await engine.status("x")

        assert pending.runtime_status is RuntimeStatus.PENDING
        assert running_status.runtime_status is RuntimeStatus.RUNNING


class TestSuspend:
    async def test_events_wait_until_resume(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            await engine.operations.suspend("x", "audit")
            await engine.raise_event("x", "E", 1)
            suspended = await engine.status("x")
            await engine.operations.resume("x", "fine")
            await settle(engine)
            resumed = await engine.status("x")

        assert (suspended.runtime_status, suspended.output) == (RuntimeStatus.SUSPENDED, "audit")
        assert output_of(resumed) == "1"
        assert event_types(resumed) == [0, 19, 20, 15, 1]

    async def test_a_suspended_instance_can_be_terminated(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            await engine.operations.suspend("x")
            await settle(engine)
            await engine.operations.terminate("x", "over")
            await settle(engine)
            status = await engine.status("x")

        assert (status.runtime_status, status.output) == (RuntimeStatus.TERMINATED, "over")

    async def test_only_the_fitting_state_allows_it(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            with pytest.raises(NotSuspended):
                await engine.operations.resume("x")
            await engine.operations.suspend("x")
            await settle(engine)
            with pytest.raises(AlreadySuspended):
                await engine.operations.suspend("x")
            with pytest.raises(InstanceNotFound):
                await engine.operations.suspend("nobody")

    async def test_a_suspended_instance_keeps_its_custom_status(self, app: SmallApp) -> None:
        @app.orchestrator
        def shows(context: Context) -> Code:
            context.set_custom_status("here")
            yield context.wait_for_external_event("E")

        async with running(app) as engine:
            await engine.start(shows, instance_id="x")
            await engine.operations.suspend("x")
            await settle(engine)
            status = await engine.status("x")

        assert status.custom_status == '"here"'


class TestTerminate:
    async def test_the_reason_is_the_output_and_late_results_are_dropped(self, app: SmallApp) -> None:
        @app.orchestrator
        def timed(context: Context) -> Code:
            yield context.create_timer(context.current_utc_datetime + timedelta(hours=1))

        async with running(app) as engine:
            await engine.start(timed, instance_id="x")
            await engine.operations.terminate("x", "enough")
            await settle(engine)
            await engine.clock.advance(hours=2)
            status = await engine.status("x")
            with pytest.raises(InstanceEnded):
                await engine.operations.terminate("x")

        assert (status.runtime_status, status.output) == (RuntimeStatus.TERMINATED, "enough")
        assert event_types(status) == [0, 10, 3, 1]

    async def test_a_pending_instance_never_runs(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.worker.stop()
            await engine.operations.start("says", None, "x")
            await engine.operations.terminate("x")
            await engine.worker.start()
            await settle(engine)
            status = await engine.status("x")

        assert status.runtime_status is RuntimeStatus.TERMINATED
        assert app.histories == []


class TestRewind:
    @pytest.fixture
    def app(self, app: SmallApp) -> SmallApp:
        @app.activity
        def flaky(value: Any) -> Any:
            if app.runs["flaky"] < 2:
                raise ValueError("not yet")
            return value

        @app.activity
        def echo(value: Any) -> Any:
            return value

        @app.orchestrator
        def steps(context: Context) -> Code:
            first = yield context.call_activity("echo", 1)
            second = yield context.call_activity("flaky", 2)
            return [first, second]

        return app

    async def test_the_failed_step_runs_again_under_its_id_and_the_others_do_not(self, app: SmallApp) -> None:
        async with running(app) as engine:
            failed = await engine.run("steps", instance_id="x")
            await engine.operations.rewind("x", "fixed")
            await settle(engine)
            status = await engine.status("x")

        assert failed.runtime_status is RuntimeStatus.FAILED
        assert (output_of(status), app.runs["echo"]) == ([1, 2], 1)
        assert status.history is not None
        assert [e["EventId"] for e in status.history if e["EventType"] == 4] == [0, 1]

    async def test_a_failed_child_is_rewound_and_its_end_wakes_the_parent(self, app: SmallApp) -> None:
        @app.orchestrator
        def parent(context: Context) -> Code:
            return (yield context.call_sub_orchestrator("steps", None, "child"))

        async with running(app) as engine:
            failed = await engine.run(parent, instance_id="x")
            await engine.operations.rewind("x", "fixed")
            await settle(engine)
            status = await engine.status("x")

        assert failed.runtime_status is RuntimeStatus.FAILED
        assert output_of(status) == [1, 2]

    async def test_a_rewound_history_survives_the_next_start_of_the_host(self, app: SmallApp, tmp_path: Any) -> None:
        @app.orchestrator
        def pauses(context: Context) -> Code:
            first = yield context.call_activity("flaky", 2)
            yield context.wait_for_external_event("E")
            return first

        async with running(app, tmp_path / "hub.db") as engine:
            await engine.start(pauses, instance_id="x")
            await engine.operations.rewind("x")
            await settle(engine)
        async with running(app, tmp_path / "hub.db") as engine:
            await engine.raise_event("x", "E")
            status = await engine.status("x")

        assert output_of(status) == 2

    async def test_only_a_failed_instance_can_be_rewound(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            with pytest.raises(NotRewindable):
                await engine.operations.rewind("x")
            with pytest.raises(InstanceNotFound):
                await engine.operations.rewind("nobody")


class TestRestartAndPurge:
    async def test_restart_takes_the_same_name_and_input(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.run("says", "hello", instance_id="x")
            new_id = await engine.operations.restart("x")
            same_id = await engine.operations.restart("x", with_new_id=False)
            await settle(engine)
            outputs = [output_of(await engine.status(each)) for each in (new_id, "x")]

        assert (same_id, outputs) == ("x", ["hello", "hello"])

    async def test_restart_of_a_live_instance_needs_a_new_id(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            with pytest.raises(InstanceExists):
                await engine.operations.restart("x", with_new_id=False)
            new_id = await engine.operations.restart("x")

        assert new_id != "x"

    async def test_a_purged_instance_is_gone_and_a_live_one_is_not_purged(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.run("says", 1, instance_id="x")
            await engine.start("waits", instance_id="y")
            purged = await engine.operations.purge("x")
            with pytest.raises(InstanceNotFound):
                await engine.operations.status("x")
            with pytest.raises(InstanceLive):
                await engine.operations.purge("y")

        assert purged == 1

    async def test_purging_by_time_takes_ended_instances_of_that_time_and_status_only(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.run("says", 1, instance_id="early")
            await engine.clock.advance(hours=1)
            since = engine.clock.now()
            await engine.run("says", 1, instance_id="completed")
            await engine.start("waits", instance_id="live")
            await engine.start("waits", instance_id="terminated")
            await engine.operations.terminate("terminated")
            await settle(engine)
            by_status = await engine.operations.purge_by(since, None, [RuntimeStatus.TERMINATED, RuntimeStatus.RUNNING])
            by_time = await engine.operations.purge_by(since)
            left = (await engine.operations.list_instances()).items

        assert (by_status, by_time) == (1, 1)
        assert [status.instance_id for status in left] == ["early", "live"]

    async def test_lists_come_in_pages_and_take_filters(self, app: SmallApp) -> None:
        async with running(app) as engine:
            for number in range(5):
                await engine.start("says" if number % 2 else "waits", instance_id=f"i{number}")
            first = await engine.operations.list_instances(top=3)
            second = await engine.operations.list_instances(top=3, continuation=first.continuation)
            completed = await engine.operations.list_instances(InstanceFilter(statuses=[RuntimeStatus.COMPLETED]))
            prefixed = await engine.operations.list_instances(InstanceFilter(id_prefix="i4"))
            later = await engine.operations.list_instances(
                InstanceFilter(created_from=engine.clock.now() + timedelta(seconds=1))
            )

        assert [[each.instance_id for each in page.items] for page in (first, second, completed, prefixed, later)] == [
            ["i0", "i1", "i2"], ["i3", "i4"], ["i1", "i3"], ["i4"], [],
        ]  # fmt: skip
        assert (first.continuation, second.continuation) == ("i2", None)

    async def test_who_waits_for_an_end_is_told(self, app: SmallApp) -> None:
        async with running(app) as engine:
            instance_id = await engine.operations.start("says", json.dumps('"x"'))
            status = await engine.operations.wait_ended(instance_id)

        assert output_of(status) == "x"


class TestVersions:
    @pytest.fixture
    def app(self, app: SmallApp) -> SmallApp:
        @app.orchestrator
        def version(context: Context) -> Code:
            if context.get_input() == "child":
                return context.version
            child = yield context.call_sub_orchestrator("version", "child")
            return [context.version, child]

        return app

    async def test_the_default_version_goes_to_instances_and_children_unless_one_is_given(self, app: SmallApp) -> None:
        async with running(app, config=DurableConfig(default_version="2.0")) as engine:
            default = await engine.run("version")
            given = await engine.run("version", version="1.5")

        assert (output_of(default), output_of(given)) == (["2.0", "2.0"], ["1.5", "2.0"])

    async def test_a_newer_version_is_left_alone_or_failed_as_the_settings_say(self, app: SmallApp) -> None:
        rejecting = DurableConfig(default_version="1.9")
        failing = DurableConfig(default_version="1.9", version_failure=VersionFailure.FAIL)
        async with running(app, config=rejecting) as engine:
            left = await engine.run("version", version="1.10")
        async with running(app, config=failing) as engine:
            failed = await engine.run("version", version="1.10")

        assert left.runtime_status is RuntimeStatus.PENDING
        assert failed.runtime_status is RuntimeStatus.FAILED

    async def test_a_left_instance_can_still_be_terminated(self, app: SmallApp) -> None:
        config = DurableConfig(default_version="1.0", version_match=VersionMatch.STRICT)
        async with running(app, config=config) as engine:
            await engine.start("version", instance_id="x", version="1.1")
            await engine.operations.terminate("x", "no host")
            await settle(engine)
            status = await engine.status("x")

        assert status.runtime_status is RuntimeStatus.TERMINATED
