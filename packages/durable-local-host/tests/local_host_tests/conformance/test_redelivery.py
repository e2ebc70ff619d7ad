"""What a host had in hand when it ended comes again only after the visibility timeouts of host.json, if a test wants that."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from local_host.app.host_json import parse_host_config
from local_host.engine.start_problems import ConfigurationError
from local_host.testing import AppHost, StillRunning
from local_host.testing.process import eventually
from local_host_tests.conformance.process import host_process
from local_host_tests.conformance.support import APP

pytestmark = pytest.mark.app_host(app=APP, on_file=True, redelivers_late=True)
ALMOST = timedelta(minutes=4, seconds=59)
SECOND = timedelta(seconds=1)


class Step:
    """Takes the place of an activity, and does not end before it may."""

    def __init__(self) -> None:
        self.has_begun = asyncio.Event()
        self.may_end = asyncio.Event()

    async def __call__(self, value: Any) -> Any:
        self.has_begun.set()
        await self.may_end.wait()
        return value


async def test_an_activity_in_hand_comes_again_five_minutes_after_the_start(app_host: AppHost) -> None:
    step = Step()
    app_host.replace_activity("A", step)
    instance = await app_host.start("two_steps")
    await step.has_begun.wait()
    await app_host.restart()
    step.may_end.set()
    await app_host.advance(ALMOST)
    with pytest.raises(StillRunning):
        await app_host.wait(instance)
    assert len(app_host.activity_calls) == 1
    await app_host.advance(SECOND)
    assert (await app_host.wait(instance)).output == [1, 2]
    assert app_host.visibility_timeout == ALMOST + SECOND


@pytest.mark.parametrize("commit", [1, 2])
async def test_a_message_in_hand_comes_again_five_minutes_after_the_start(app_host: AppHost, commit: int) -> None:
    app_host.crash_after_commit(commit)
    assert await app_host.crashes_during(_run_to_its_end(app_host))
    await app_host.restart()
    await app_host.advance(ALMOST)
    with pytest.raises(StillRunning):
        await app_host.wait("o")
    await app_host.advance(SECOND)
    assert (await app_host.wait("o")).output == [1, 2]


async def _run_to_its_end(app_host: AppHost) -> None:
    await app_host.start("two_steps", instance_id="o")
    await app_host.operations.wait_ended("o")


async def test_what_comes_after_the_start_is_not_held_back(app_host: AppHost) -> None:
    step = Step()
    app_host.replace_activity("A", step)
    await app_host.start("two_steps", instance_id="held")
    await app_host.start("wait_for_event", instance_id="waiting")
    await step.has_begun.wait()
    await app_host.restart()
    step.may_end.set()
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [1, 2]
    await app_host.raise_event("waiting", "go", 1)
    await app_host.run_until_idle()
    assert (await app_host.status("held")).runtime_status == "Running"


async def test_operations_of_an_entity_in_hand_come_again_and_count_once(app_host: AppHost) -> None:
    await app_host.signal_entity("counter", "k", "add", 5)
    app_host.crash_before_commit()
    await app_host.crashes_during(app_host.run_until_idle())
    await app_host.restart()
    assert await app_host.entity("counter", "k") is None
    await app_host.signal_entity("counter", "k", "add", 1)
    assert await app_host.entity("counter", "k") == 1
    await app_host.advance(app_host.visibility_timeout)
    assert await app_host.entity("counter", "k") == 6


def test_the_timeouts_are_those_of_host_json() -> None:
    storage = {"controlQueueVisibilityTimeout": "00:01:00", "workItemQueueVisibilityTimeout": "00:02:00"}
    durable = parse_host_config({"extensions": {"durableTask": {"storageProvider": storage}}}, {}).durable
    assert durable.control_queue_visibility_timeout == timedelta(minutes=1)
    assert durable.work_item_queue_visibility_timeout == timedelta(minutes=2)
    wrong = {"extensions": {"durableTask": {"storageProvider": {"controlQueueVisibilityTimeout": "soon"}}}}
    with pytest.raises(ConfigurationError, match=r"storageProvider\.controlQueueVisibilityTimeout"):
        parse_host_config(wrong, {})


def test_a_process_that_was_killed_does_so_too_on_request(tmp_path: Path) -> None:
    state, written, release = tmp_path / "hub.db", tmp_path / "written", tmp_path / "release"
    late = ("--redeliver-after-visibility-timeout",)
    note = {"file": str(written), "text": "first", "until": str(release)}
    at_once = {
        "AzureFunctionsJobHost__extensions__durableTask__storageProvider__workItemQueueVisibilityTimeout": "00:00:00"
    }
    with host_process(state) as host:
        instance = host.start("write_two_notes", [note, note])
        eventually(lambda: written.exists() and written.read_text())
        host.kill()
    release.touch()
    with host_process(state, options=late) as host:
        other = host.start("write_two_notes", [{**note, "text": "other"}] * 2)
        assert host.ended(other)["output"] == "written"
        assert written.read_text().count("first") == 1
        assert host.status(instance)["runtimeStatus"] == "Running"
        host.kill()
    with host_process(state, options=late, environment=at_once) as host:
        assert host.ended(instance)["output"] == "written"
    assert written.read_text().count("first") == 3
