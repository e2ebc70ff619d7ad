"""Suspend, resume, terminate and rewind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from local_host.engine.errors import AlreadySuspended, InstanceEnded, InstanceNotFound, NotRewindable, NotSuspended
from local_host.engine.status import RuntimeStatus
from local_host_tests.small_app import Code, Context, SmallApp, event_types, output_of, running, simple_app


@pytest.fixture
def app() -> SmallApp:
    return simple_app()


class TestSuspend:
    async def test_events_wait_until_resume(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            await engine.operations.suspend("x", "audit")
            await engine.raise_event("x", "E", 1)
            suspended = await engine.status("x")
            await engine.operations.resume("x", "fine")
            await engine.settle()
            resumed = await engine.status("x")

        assert (suspended.runtime_status, suspended.output) == (RuntimeStatus.SUSPENDED, "audit")
        assert output_of(resumed) == "1"
        assert event_types(resumed) == [0, 19, 20, 15, 1]

    async def test_a_suspended_instance_can_be_terminated(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            await engine.operations.suspend("x")
            await engine.settle()
            await engine.operations.terminate("x", "over")
            await engine.settle()
            status = await engine.status("x")

        assert (status.runtime_status, status.output) == (RuntimeStatus.TERMINATED, "over")

    async def test_only_the_fitting_state_allows_it(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            with pytest.raises(NotSuspended):
                await engine.operations.resume("x")
            await engine.operations.suspend("x")
            await engine.settle()
            with pytest.raises(AlreadySuspended):
                await engine.operations.suspend("x")
            with pytest.raises(InstanceNotFound):
                await engine.operations.suspend("missing")

    async def test_a_suspended_instance_keeps_its_custom_status(self, app: SmallApp) -> None:
        @app.orchestrator
        def shows(context: Context) -> Code:
            context.set_custom_status("here")
            yield context.wait_for_external_event("E")

        async with running(app) as engine:
            await engine.start(shows, instance_id="x")
            await engine.operations.suspend("x")
            await engine.settle()
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
            await engine.settle()
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
            await engine.settle()
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
            await engine.settle()
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
            await engine.settle()
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
            await engine.settle()
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
                await engine.operations.rewind("missing")
