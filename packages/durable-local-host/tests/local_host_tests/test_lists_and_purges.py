"""Lists, purges, and waiting for an end."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from local_host.engine.errors import InstanceLive, InstanceNotFound
from local_host.engine.status import RuntimeStatus
from local_host.engine.views import InstanceFilter
from local_host_tests.small_app import SmallApp, output_of, running, simple_app


@pytest.fixture
def app() -> SmallApp:
    return simple_app()


async def test_a_purged_instance_is_gone_and_a_live_one_is_not_purged(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.run("says", 1, instance_id="x")
        await engine.start("waits", instance_id="y")
        purged = await engine.operations.purge("x")
        with pytest.raises(InstanceNotFound):
            await engine.operations.status("x")
        with pytest.raises(InstanceLive):
            await engine.operations.purge("y")

    assert purged == 1


async def test_purging_by_time_takes_ended_instances_of_that_time_and_status_only(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.run("says", 1, instance_id="early")
        await engine.clock.advance(hours=1)
        since = engine.clock.now()
        await engine.run("says", 1, instance_id="completed")
        await engine.start("waits", instance_id="live")
        await engine.start("waits", instance_id="terminated")
        await engine.operations.terminate("terminated")
        await engine.settle()
        by_status = await engine.operations.purge_by(since, None, [RuntimeStatus.TERMINATED, RuntimeStatus.RUNNING])
        by_time = await engine.operations.purge_by(since)
        left = (await engine.operations.list_instances()).items

    assert (by_status, by_time) == (1, 1)
    assert [status.instance_id for status in left] == ["early", "live"]


async def test_lists_come_in_pages_and_take_filters(app: SmallApp) -> None:
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


async def test_a_caller_that_waits_for_an_end_gets_it(app: SmallApp) -> None:
    async with running(app) as engine:
        instance_id = await engine.operations.start("says", json.dumps('"x"'))
        status = await engine.operations.wait_ended(instance_id)

    assert output_of(status) == "x"
