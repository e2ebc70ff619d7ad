"""Starts and restarts, and the versions that instances run under."""

from __future__ import annotations

import pytest

from local_host.engine.config import DurableConfig, Overridable, VersionFailure, VersionMatch
from local_host.engine.errors import InstanceExists, InvalidInstanceId, UnknownFunction
from local_host.engine.status import RuntimeStatus
from local_host_tests.small_app import Code, Context, SmallApp, event_types, output_of, running, simple_app


@pytest.fixture
def app() -> SmallApp:
    return simple_app()


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

    @pytest.mark.parametrize("instance_id", ["@x", "a\\b", "a#b", "a?b", "a\nb", "x" * 264])
    async def test_any_text_is_an_id(self, app: SmallApp, instance_id: str) -> None:
        async with running(app) as engine:
            assert output_of(await engine.run("says", 2, instance_id=instance_id)) == 2
            assert await engine.operations.purge(instance_id) == 1

    async def test_an_empty_id_is_refused(self, app: SmallApp) -> None:
        async with running(app) as engine:
            with pytest.raises(InvalidInstanceId):
                await engine.operations.start("says", None, "")

    async def test_an_unknown_orchestrator_is_refused_with_the_known_names(self, app: SmallApp) -> None:
        async with running(app) as engine:
            with pytest.raises(UnknownFunction, match=r"known orchestrator functions: 'waits', 'says'\."):
                await engine.operations.start("missing")

    async def test_a_given_input_that_is_no_text_fails_in_the_sdk_and_an_object_does_not(self, app: SmallApp) -> None:
        async with running(app) as engine:
            number = await engine.operations.start("says", "5")
            table = await engine.operations.start("says", '{"a": 1}')
            await engine.settle()
            of_number, of_table = await engine.status(number), await engine.status(table)

        assert "the JSON object must be str, bytes or bytearray, not int" in (of_number.output or "")
        assert (of_table.input, output_of(of_table)) == ('{"a": 1}', {"a": 1})

    async def test_an_instance_is_pending_until_its_first_episode_is_stored(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.worker.stop()
            await engine.operations.start("waits", None, "x")
            pending = await engine.status("x")
            await engine.worker.start()
            await engine.settle()
            running_status = await engine.status("x")

        assert pending.runtime_status is RuntimeStatus.PENDING
        assert running_status.runtime_status is RuntimeStatus.RUNNING


class TestRestart:
    async def test_restart_takes_the_same_name_and_input(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.run("says", "hello", instance_id="x")
            new_id = await engine.operations.restart("x")
            same_id = await engine.operations.restart("x", with_new_id=False)
            await engine.settle()
            outputs = [output_of(await engine.status(each)) for each in (new_id, "x")]

        assert (same_id, outputs) == ("x", ["hello", "hello"])

    async def test_restart_of_a_live_instance_needs_a_new_id(self, app: SmallApp) -> None:
        async with running(app) as engine:
            await engine.start("waits", instance_id="x")
            with pytest.raises(InstanceExists):
                await engine.operations.restart("x", with_new_id=False)
            new_id = await engine.operations.restart("x")

        assert new_id != "x"


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
            await engine.settle()
            status = await engine.status("x")

        assert status.runtime_status is RuntimeStatus.TERMINATED
