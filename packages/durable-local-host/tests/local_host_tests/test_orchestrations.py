"""Orchestrations of activities: order, results, failures, and the history they leave."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import pytest

from local_host.engine.config import DurableConfig
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

    return app


async def test_activities_run_one_after_the_other_and_leave_the_history_of_the_real_host(app: SmallApp) -> None:
    @app.orchestrator
    def chain(context: Context) -> Code:
        x = yield context.call_activity("echo", 1)
        y = yield context.call_activity("ECHO", 2)
        return [x, y]

    async with running(app) as engine:
        status = await engine.run(chain)

    assert output_of(status) == [1, 2]
    assert status.history is not None
    assert [e["EventType"] for e in status.history] == [12, 0, 4, 13, 12, 5, 4, 13, 12, 5, 1, 13]
    assert [e["EventId"] for e in status.history] == [-1, -1, 0, -1, -1, -1, 1, -1, -1, -1, 2, -1]


async def test_results_come_in_list_order_whatever_the_order_of_completion(app: SmallApp) -> None:
    @app.orchestrator
    def fan_out(context: Context) -> Code:
        return (yield context.task_all([context.call_activity("echo", n) for n in range(20)]))

    async with running(app) as engine:
        status = await engine.run(fan_out)

    assert output_of(status) == list(range(20))


@pytest.mark.parametrize("value", [None, "2026-01-01T00:00:00Z", [1, 2], 0, False, "", {"ü": "\u2028"}])
async def test_an_activity_result_reaches_the_orchestrator_as_it_is(app: SmallApp, value: Any) -> None:
    @app.orchestrator
    def once(context: Context) -> Code:
        return {"got": (yield context.call_activity("echo", context.get_input()))}

    async with running(app) as engine:
        status = await engine.run(once, value)

    assert output_of(status) == {"got": value}


async def test_an_uncaught_failure_fails_the_instance_with_the_text_of_the_real_host(app: SmallApp) -> None:
    @app.orchestrator
    def orch(context: Context) -> Code:
        yield context.call_activity("boom", 1)

    async with running(app) as engine:
        status = await engine.run(orch)

    text = "Orchestrator function 'orch' failed: Activity function 'boom' failed: ValueError: boom \n {"
    assert status.runtime_status is RuntimeStatus.FAILED
    assert (status.output or "").startswith(text)
    assert event_types(status) == [0, 4, 6, 1]


async def test_details_of_a_failure_are_one_line_of_json_with_the_message(app: SmallApp) -> None:
    @app.orchestrator
    def orch(context: Context) -> Code:
        try:
            yield context.call_activity("boom", 1)
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return json.loads(str(error).split("\n")[1])["Message"]

    async with running(app) as engine:
        status = await engine.run(orch)

    assert output_of(status) == "ValueError: boom"


@pytest.mark.parametrize(("value", "output"), [(3, "3"), (0, "0"), (False, "false"), (None, None), ("é", '"é"')])
async def test_an_orchestrator_without_yield_completes_at_once(app: SmallApp, value: Any, output: str | None) -> None:
    @app.orchestrator
    def plain(context: Context) -> Any:
        return value

    async with running(app) as engine:
        status = await engine.run(plain)

    assert (status.runtime_status, status.output) == (RuntimeStatus.COMPLETED, output)


async def test_an_orchestrator_without_yield_that_raises_fails(app: SmallApp) -> None:
    @app.orchestrator
    def plain(context: Context) -> Any:
        raise ValueError("no")

    async with running(app) as engine:
        status = await engine.run(plain)

    text = (
        "Orchestrator function 'plain' failed: One or more errors occurred. (Result: Failure\nException: ValueError: no"
    )
    assert status.runtime_status is RuntimeStatus.FAILED
    assert (status.output or "").startswith(text)


async def test_custom_status_is_shown_while_an_activity_runs_and_gone_when_the_code_unsets_it(app: SmallApp) -> None:
    @app.orchestrator
    def orch(context: Context) -> Code:
        context.set_custom_status({"step": "x"})
        yield context.wait_for_external_event("go")
        context.set_custom_status(None)

    async with running(app) as engine:
        instance_id = await engine.start(orch)
        waiting = await engine.status(instance_id)
        await engine.raise_event(instance_id, "go")
        ended = await engine.status(instance_id)

    assert (waiting.custom_status, ended.custom_status) == ('{"step":"x"}', None)


@pytest.mark.parametrize(("length", "status"), [(8701, RuntimeStatus.COMPLETED), (8702, RuntimeStatus.FAILED)])
async def test_a_custom_status_of_17_kb_fails_the_instance(app: SmallApp, length: int, status: RuntimeStatus) -> None:
    @app.orchestrator
    def orch(context: Context) -> Any:
        context.set_custom_status("x" * length)  # two quotes more as JSON; counted in whole KB of UTF-16

    async with running(app) as engine:
        ended = await engine.run(orch)

    assert ended.runtime_status is status


async def test_more_actions_than_allowed_fail_the_instance(app: SmallApp) -> None:
    @app.orchestrator
    def orch(context: Context) -> Code:
        yield context.call_activity("echo", 1)
        yield context.call_activity("echo", 2)
        yield context.call_activity("echo", 3)

    async with running(app, config=DurableConfig(max_orchestration_actions=2)) as engine:
        ended = await engine.run(orch)

    assert ended.runtime_status is RuntimeStatus.FAILED
    assert "maxOrchestrationActions (2)" in (ended.output or "")


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda context: context.call_activity("missing", 1), "an activity"),
        (lambda context: context.call_sub_orchestrator("missing", 1), "an orchestrator"),
        (lambda context: context.call_entity(df.EntityId("missing", "k"), "op"), "an entity"),
    ],
)
async def test_calling_an_unknown_name_fails_at_once_and_says_so(app: SmallApp, call: Any, kind: str) -> None:
    @app.orchestrator
    def orch(context: Context) -> Code:
        yield call(context)

    async with running(app) as engine:
        ended = await engine.run(orch)

    text = f"The function 'missing' doesn't exist, is disabled, or is not {kind} function. Additional info: "
    assert ended.runtime_status is RuntimeStatus.FAILED
    assert text in (ended.output or "")


async def test_code_that_changed_while_an_activity_was_open_is_found_out(app: SmallApp) -> None:
    called = ["echo"]

    @app.orchestrator
    def orch(context: Context) -> Code:
        yield context.wait_for_external_event("go")
        yield context.call_activity(called[0], 1)
        yield context.wait_for_external_event("go")

    async with running(app) as engine:
        instance_id = await engine.start(orch)
        await engine.raise_event(instance_id, "go")
        called[0] = "boom"
        await engine.raise_event(instance_id, "go")
        ended = await engine.status(instance_id)

    assert ended.runtime_status is RuntimeStatus.FAILED
    assert "sequence number 0 named 'echo', but the current orchestration replay instead scheduled" in (
        ended.output or ""
    )


async def test_times_and_guids_are_the_same_in_every_replay(app: SmallApp) -> None:
    seen: list[list[str]] = []

    @app.orchestrator
    def orch(context: Context) -> Code:
        now: list[str] = []
        seen.append(now)
        for _ in range(3):
            now.append(f"{context.current_utc_datetime.isoformat()} {context.new_guid()} {context.new_uuid()}")
            yield context.create_timer(context.current_utc_datetime + timedelta(seconds=1))

    async with running(app) as engine:
        await engine.start(orch)
        await engine.clock.advance(seconds=10)

    longest = seen[-1]
    assert len(set(longest)) == 3
    assert all(longest[: len(shorter)] == shorter for shorter in seen)


async def test_http_calls_return_any_answer_and_raise_when_there_is_none(app: SmallApp) -> None:
    @app.orchestrator
    def orch(context: Context) -> Code:
        answer = yield context.call_http("GET", "http://somewhere/nothing")
        try:
            yield context.call_http("GET", "http://closed/")
        except Exception as error:  # noqa: BLE001 - the SDK raises nothing narrower
            return [answer["statusCode"], "Cannot connect" in str(error)]

    async with running(app) as engine:
        status = await engine.run(orch)

    assert output_of(status) == [404, True]
    assert status.history is not None
    assert {e["Name"] for e in status.history if e["EventType"] == 4} == {"BuiltIn::HttpActivity"}


async def test_a_compensation_begins_only_when_every_sibling_of_the_failure_has_ended(app: SmallApp) -> None:
    @app.orchestrator
    def orch(context: Context) -> Code:
        slow = context.wait_for_external_event("slow")
        try:
            yield context.task_all([context.call_activity("boom", 1), slow])
        except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
            yield context.call_activity("echo", "compensate")

    async with running(app) as engine:
        instance_id = await engine.start(orch)
        before = app.runs["echo"]
        await engine.raise_event(instance_id, "slow")

    assert (before, app.runs["echo"]) == (0, 1)


async def test_only_the_messages_of_the_newest_episode_are_new_to_the_sdk(app: SmallApp) -> None:
    @app.orchestrator
    def chain(context: Context) -> Code:
        yield context.call_activity("echo", 1)
        yield context.call_activity("echo", 2)

    async with running(app) as engine:
        await engine.run(chain)

    played = [(e["EventType"], e["IsPlayed"]) for e in app.histories[-1]]
    assert played == [
        (12, False), (0, True), (4, False), (13, False), (12, False), (5, True), (4, False), (13, False), (12, False),
        (5, False),
    ]  # fmt: skip
