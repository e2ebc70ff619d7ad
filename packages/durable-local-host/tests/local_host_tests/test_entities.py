"""Entities: calls and signals from orchestrations and clients, in order, in batches, with what each operation did."""

from __future__ import annotations

import json
from typing import Any

import azure.durable_functions as df
import pytest

from local_host.engine.config import DurableConfig
from local_host.engine.errors import UnknownFunction
from local_host.engine.status import RuntimeStatus
from local_host_tests.small_app import Code, Context, Engine, EntityContext, SmallApp, output_of, running

COUNTER = df.EntityId("counter", "k")


@pytest.fixture
def app() -> SmallApp:
    app = SmallApp()

    @app.entity
    def counter(context: EntityContext) -> None:
        value = context.get_state(lambda: 0)
        match context.operation_name:
            case "add":
                value += context.get_input()
                context.set_state(value)
                context.set_result(value)
            case "spoil":
                context.set_state(-1)
                raise ValueError("spoiled")
            case "unwritable":
                context.set_state(object())
            case "delete":
                context.destruct_on_exit()

    @app.orchestrator
    def call(context: Context) -> Code:
        operation, value = context.get_input()
        try:
            return (yield context.call_entity(COUNTER, operation, value))
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return f"raised {error}"

    return app


async def state_of(engine: Engine) -> Any:
    await engine.worker.until_idle()
    entity = await engine.operations.read_entity("counter", "k")
    return json.loads(entity.state or "null")


async def test_a_signal_before_a_call_is_done_before_it(app: SmallApp) -> None:
    @app.orchestrator
    def both(context: Context) -> Code:
        context.signal_entity(COUNTER, "add", 5)
        return (yield context.call_entity(COUNTER, "add", 6))

    async with running(app) as engine:
        status = await engine.run(both)
        state = await state_of(engine)

    assert (output_of(status), state) == (11, 11)
    assert status.history is not None
    sent = [e for e in status.history if e["EventType"] == 14]
    assert [e["EventId"] for e in sent] == [0, 1]
    replies = [e["Name"] for e in status.history if e["EventType"] == 15]
    assert replies == [json.loads(sent[1]["Input"])["id"]]


async def test_a_failing_operation_fails_its_caller_and_keeps_what_it_changed(app: SmallApp) -> None:
    async with running(app) as engine:
        status = await engine.run("call", ["spoil", 1])
        state = await state_of(engine)

    assert (output_of(status), state) == ("raised spoiled", -1)


async def test_many_signals_are_all_counted_in_fewer_batches(app: SmallApp) -> None:
    async with running(app, config=DurableConfig(max_entity_operation_batch_size=30)) as engine:
        for _ in range(100):
            await engine.operations.signal_entity("Counter", "k", "add", '"1"')
        state = await state_of(engine)

    assert state == 100
    assert sum(map(len, app.batches)) == 100
    assert max(map(len, app.batches)) <= 30


async def test_operations_wait_for_the_batch_size_without_being_forgotten(app: SmallApp) -> None:
    @app.orchestrator
    def burst(context: Context) -> Any:
        for _ in range(10):
            context.signal_entity(COUNTER, "add", 1)

    async with running(app, config=DurableConfig(max_entity_operation_batch_size=3)) as engine:
        await engine.run(burst)
        state = await state_of(engine)

    assert (state, list(map(len, app.batches))) == (10, [3, 3, 3, 1])


async def test_a_destructed_entity_stays_with_the_state_null(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.run("call", ["add", 1])
        await engine.run("call", ["delete", None])
        entity = await engine.operations.read_entity("counter", "k")
        page = await engine.operations.list_entities()

    assert entity.state == "null"
    assert page.items == [entity]


async def test_a_raw_number_is_no_input_the_sdk_can_read_and_leaves_the_state_alone(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.operations.signal_entity("counter", "k", "add", '"5"')
        await engine.operations.signal_entity("counter", "k", "add", "5")
        state = await state_of(engine)

    assert state == 5


async def test_a_state_that_cannot_be_stored_fails_every_call_of_the_batch_and_changes_nothing(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.run("call", ["add", 1])
        status = await engine.run("call", ["unwritable", 1])
        state = await state_of(engine)

    assert output_of(status).startswith("raised TypeError")
    assert state == 1


async def test_signals_to_an_unknown_entity_are_refused_and_fail_an_orchestration(app: SmallApp) -> None:
    @app.orchestrator
    def signals(context: Context) -> Any:
        context.signal_entity(df.EntityId("missing", "k"), "add", 1)

    async with running(app) as engine:
        with pytest.raises(UnknownFunction, match=r"known entity functions: 'counter'\."):
            await engine.operations.signal_entity("missing", "k", "add")
        status = await engine.run(signals)

    assert status.runtime_status is RuntimeStatus.FAILED
    assert "The following are the known entity functions: 'counter'." in (status.output or "")


async def test_an_entity_shows_among_the_instances(app: SmallApp) -> None:
    async with running(app) as engine:
        await engine.operations.signal_entity("counter", "k", "add", '"5"')
        await engine.worker.until_idle()
        listed = (await engine.operations.list_instances()).items
        status = await engine.operations.status("@counter@k")

    assert [(each.instance_id, each.runtime_status) for each in listed] == [("@counter@k", RuntimeStatus.RUNNING)]
    assert listed[0] == status
    assert json.loads(status.input or "") == {"exists": True, "state": "5", "queue": [], "sorter": {}}
    assert status.custom_status == '{"entityExists": true}'
