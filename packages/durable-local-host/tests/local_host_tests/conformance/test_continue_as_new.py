"""Checks 46 and 47: an orchestration that begins anew."""

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import events_of, on_conformance_app, scheduled_ids, types

pytestmark = on_conformance_app


@pytest.mark.check(46)
async def test_each_run_has_the_same_id_and_a_history_of_its_own(app_host: AppHost) -> None:
    instance = await app_host.start("count_up", instance_id="counting")
    done = await app_host.wait(instance)
    assert (done.id, done.output, done.input) == ("counting", 3, "3")
    assert [call.input for call in app_host.activity_calls] == [0, 1, 2, 3]
    events = await events_of(app_host, instance)
    assert types(events) == [12, 0, 4, 13, 12, 5, 1, 13]
    assert scheduled_ids(events) == [0]


@pytest.mark.check(47)
async def test_an_open_timer_holds_back_the_next_run(app_host: AppHost) -> None:
    instance = await app_host.start("again_with_open_timer")
    await app_host.advance(minutes=59)
    running = await app_host.status(instance)
    assert (running.runtime_status, running.output) == ("Running", None)
    await app_host.advance(minutes=1)
    assert (await app_host.wait(instance)).output == "second run"
