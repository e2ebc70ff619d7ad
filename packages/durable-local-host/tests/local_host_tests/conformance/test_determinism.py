"""Checks 64 to 67 and 69: custom status, replays, call_http, and code that changed under a running instance."""

import asyncio
import socket
from dataclasses import replace
from importlib import import_module

import azure.durable_functions as df
import pytest

from local_host.engine.executor import FunctionKind
from local_host.testing import AppHost
from local_host_tests.conformance.support import on_conformance_app

pytestmark = on_conformance_app


@pytest.mark.check(64)
async def test_a_custom_status_is_shown_while_an_activity_runs_and_then_gone(app_host: AppHost) -> None:
    has_begun, may_end = asyncio.Event(), asyncio.Event()

    async def slow(value: object) -> None:
        has_begun.set()
        await may_end.wait()

    app_host.replace_activity("A", slow)
    instance = await app_host.start("custom_status")
    await has_begun.wait()
    assert (await app_host.status(instance)).custom_status == "x"
    may_end.set()
    await app_host.run_until_idle()
    assert (await app_host.status(instance)).custom_status is None


@pytest.mark.check(65)
async def test_a_custom_status_of_20_kb_fails_the_instance(app_host: AppHost) -> None:
    failed = await app_host.wait(await app_host.start("custom_status", "x" * 10_240))
    assert failed.runtime_status == "Failed"
    assert "16 KB" in failed.output


@pytest.mark.check(66)
async def test_time_and_guids_are_the_same_in_every_replay(app_host: AppHost) -> None:
    seen_by_instance = import_module("conformance_orchestrators").SEEN
    seen_by_instance.clear()
    instance = await app_host.start("note_what_is_seen")
    await app_host.wait(instance)
    seen = seen_by_instance[instance]
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert len(set(seen[0])) == 3


@pytest.mark.check(67)
async def test_call_http_returns_any_answer(app_host: AppHost) -> None:
    found = await app_host.wait(await app_host.start("fetch", f"{app_host.origin}/api/orders/newest"))
    assert (found.output["statusCode"], found.output["content"]) == (200, "the newest order")
    missing = await app_host.wait(await app_host.start("fetch", f"{app_host.origin}/nowhere"))
    assert (missing.runtime_status, missing.output["statusCode"]) == ("Completed", 404)


@pytest.mark.check(67)
async def test_call_http_raises_when_no_server_answers(app_host: AppHost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failed = await app_host.wait(await app_host.start("fetch", f"http://127.0.0.1:{port}/"))
    assert failed.runtime_status == "Failed"
    assert "Cannot connect" in failed.output


@pytest.mark.check(69)
@pytest.mark.app_host(on_file=True)
async def test_code_that_changed_under_a_running_instance_is_found_out(
    app_host: AppHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    has_begun = asyncio.Event()

    async def never_ends(value: object) -> None:
        has_begun.set()
        await asyncio.Event().wait()

    app_host.replace_activity("A", never_ends)
    instance = await app_host.start("two_steps")
    await has_begun.wait()
    _rename_activity(monkeypatch, app_host)
    app_host.replace_activity("A", lambda value: value)
    await app_host.restart()
    failed = await app_host.wait(instance)
    assert failed.runtime_status == "Failed"
    assert "Non-Deterministic workflow detected" in failed.output


def _rename_activity(monkeypatch: pytest.MonkeyPatch, app_host: AppHost) -> None:
    """Yield the orchestrator `two_steps` as a new version would have it: another activity in the first step."""

    def changed(context: df.DurableOrchestrationContext):
        result = yield context.call_activity("Renamed", 1)
        return result

    new_version = replace(app_host.app.functions["two_steps"], call=df.Orchestrator.create(changed))
    monkeypatch.setitem(app_host.app.functions, "two_steps", new_version)
    monkeypatch.setitem(app_host.app.durable, (FunctionKind.ORCHESTRATOR, "two_steps"), new_version)
