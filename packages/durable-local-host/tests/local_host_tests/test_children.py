"""Orchestrations that start others: ids, results, failures, retries."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df
import pytest

from local_host.engine.status import RuntimeStatus
from local_host_tests.small_app import Code, Context, SmallApp, event_types, output_of, running


@pytest.fixture
def app() -> SmallApp:
    app = SmallApp()

    @app.activity
    def echo(value: Any) -> Any:
        return value

    @app.activity
    def boom(value: Any) -> Any:
        raise ValueError("boom")

    @app.orchestrator
    def child(context: Context) -> Code:
        result = yield context.call_activity(context.get_input() or "echo", 7)
        return [result, context.instance_id, context.parent_instance_id]

    return app


async def test_a_child_without_id_is_named_after_its_parents_execution(app: SmallApp) -> None:
    @app.orchestrator
    def parent(context: Context) -> Code:
        yield context.call_activity("echo", 0)
        return (yield context.call_sub_orchestrator("child"))

    async with running(app) as engine:
        status = await engine.run(parent, instance_id="p")

    assert status.history is not None
    execution_id = status.history[1]["OrchestrationInstance"]["ExecutionId"]
    assert output_of(status) == [7, f"{execution_id}:1", "p"]
    assert event_types(status) == [0, 4, 5, 7, 8, 1]


async def test_a_child_with_id_keeps_it(app: SmallApp) -> None:
    @app.orchestrator
    def parent(context: Context) -> Code:
        return (yield context.call_sub_orchestrator("child", None, "my-child"))

    async with running(app) as engine:
        status = await engine.run(parent, instance_id="p")
        child = await engine.status("my-child")

    assert output_of(status) == [7, "my-child", "p"]
    assert child.runtime_status is RuntimeStatus.COMPLETED


async def test_the_parent_of_a_failed_child_sees_its_text(app: SmallApp) -> None:
    @app.orchestrator
    def parent(context: Context) -> Code:
        try:
            yield context.call_sub_orchestrator("child", "boom")
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return str(error)

    async with running(app) as engine:
        status = await engine.run(parent)

    text = "Orchestrator function 'child' failed: Activity function 'boom' failed: ValueError: boom"
    assert output_of(status).startswith(text)


async def test_the_parent_of_a_terminated_child_sees_the_reason(app: SmallApp) -> None:
    @app.orchestrator
    def waiting(context: Context) -> Code:
        yield context.wait_for_external_event("never")

    @app.orchestrator
    def parent(context: Context) -> Code:
        try:
            yield context.call_sub_orchestrator("waiting", None, "w")
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return str(error)

    async with running(app) as engine:
        instance_id = await engine.start(parent)
        await engine.operations.terminate("w", "enough")
        await engine.worker.until_idle()
        status = await engine.status(instance_id)

    assert output_of(status).startswith("enough \n")


async def test_a_live_instance_of_the_childs_id_is_replaced(app: SmallApp) -> None:
    @app.orchestrator
    def parent(context: Context) -> Code:
        yield context.call_sub_orchestrator("child", None, "p")

    @app.orchestrator
    def waiting(context: Context) -> Code:
        yield context.wait_for_external_event("never")

    async with running(app) as engine:
        await engine.start(waiting, instance_id="p")
        status = await engine.run(parent, instance_id="parent")
        replaced = await engine.status("p")

    assert status.runtime_status is RuntimeStatus.COMPLETED
    assert (replaced.name, replaced.parent_instance_id) == ("child", "parent")


async def test_each_retry_of_a_child_reuses_the_given_id(app: SmallApp) -> None:
    @app.orchestrator
    def parent(context: Context) -> Code:
        try:
            yield context.call_sub_orchestrator_with_retry("child", df.RetryOptions(1000, 2), "boom", "c")
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return str(error)[:12]

    async with running(app) as engine:
        instance_id = await engine.start(parent)
        await engine.clock.advance(seconds=5)
        status = await engine.status(instance_id)

    assert (output_of(status), app.runs["boom"]) == ("Orchestrator", 2)
    assert event_types(status) == [0, 7, 9, 10, 11, 7, 9, 10, 11, 1]
