"""Checks 54 and 55: sub-orchestrations."""

import re

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import events_of, on_conformance_app

pytestmark = on_conformance_app


@pytest.mark.check(54)
async def test_a_child_without_an_id_is_named_after_its_parents_execution(app_host: AppHost) -> None:
    instance = await app_host.start("parent", {"child": "who_am_i"})
    output = (await app_host.wait(instance)).output
    started = next(event for event in await events_of(app_host, instance) if event["EventType"] == 0)
    assert output["parent"] == instance
    assert re.fullmatch(re.escape(started["OrchestrationInstance"]["ExecutionId"]) + r":0+", output["id"])


@pytest.mark.check(54)
async def test_a_child_has_the_id_that_it_is_given(app_host: AppHost) -> None:
    instance = await app_host.start("parent", {"child": "who_am_i", "id": "little-one"})
    assert (await app_host.wait(instance)).output == {"id": "little-one", "parent": instance}


@pytest.mark.check(55)
async def test_a_failed_child_raises_in_its_parent_with_its_text(app_host: AppHost) -> None:
    output = (await app_host.wait(await app_host.start("parent", {"child": "fail"}))).output
    assert output.startswith("caught Orchestrator function 'child' failed: child in trouble")


@pytest.mark.check(55)
async def test_a_terminated_child_raises_in_its_parent_with_the_reason(app_host: AppHost) -> None:
    instance = await app_host.start("parent", {"child": "wait", "id": "little-one"})
    await app_host.run_until_idle()
    await app_host.operations.terminate("little-one", "no longer needed")
    assert (await app_host.wait(instance)).output.startswith("caught no longer needed")
