"""What becomes of work that is in hand when the worker process dies, held against recordings of the real host."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from local_host.testing import AppHost
from local_host.testing.worker_death import Moment
from local_host_tests.conformance.support import events_of, on_conformance_app, status_of

pytestmark = on_conformance_app

RECORDINGS = Path(__file__).parent / "recordings"


def recorded(case: str) -> dict[str, Any]:
    """Return the final status with history of a case."""
    return dict(json.loads((RECORDINGS / f"{case}.json").read_text())["client"]["full"]["body"])


def failed_step(status: dict[str, Any]) -> dict[str, Any]:
    return next(event for event in status["historyEvents"] if event["EventType"] == "TaskFailed")


def as_recorded(text: str) -> str:
    """Return a text of this host with the form that recordings have."""
    words = text.split(" exited with code 137 (0x89)")
    assert len(words) == 2, text
    head, _, path = words[0].rpartition("/")
    return f"{head[: head.index('/')]}<path> exited with code 1 (0x1){words[1]}" if path else text


@pytest.mark.parametrize("when", ["before", "after"])
async def test_an_orchestration_that_was_in_its_first_episode_fails_for_good(app_host: AppHost, when: Moment) -> None:
    real = recorded("crash-in-the-first-episode")
    app_host.kill_worker(during="episode", when=when)
    ended = await app_host.wait(await app_host.start("two_steps", instance_id="o"))
    assert ended.runtime_status == real["runtimeStatus"] == "Failed"
    assert as_recorded(ended.output) == real["output"].replace(real["name"], "two_steps")
    shown = await status_of(app_host, "o", "?showHistory=true&showHistoryOutput=true")
    assert [each["EventType"] for each in shown["historyEvents"]] == [
        each["EventType"] for each in real["historyEvents"]
    ]
    assert (app_host.activity_calls, app_host.worker_deaths) == ([], 1)


async def test_in_a_later_episode_it_counts_as_not_deterministic(app_host: AppHost) -> None:
    real = recorded("crash-in-the-second-episode")
    app_host.kill_worker(during="episode", name="two_steps", nth=2)
    ended = await app_host.wait(await app_host.start("two_steps", instance_id="o"))
    assert ended.runtime_status == "Failed"
    assert ended.output == real["output"].replace("'echo'", "'A'")
    shown = await status_of(app_host, "o", "?showHistory=true&showHistoryOutput=true")
    assert [(each["EventType"], each.get("Result")) for each in shown["historyEvents"][1:]] == [
        ("TaskCompleted", 1),
        ("ExecutionCompleted", ended.output),
    ]
    assert len(app_host.activity_calls) == 1


@pytest.mark.parametrize(
    ("orchestrator", "value", "text"),
    [
        ("timer_for", 0, "a timer task with sequence number 0 but the current replay execution"),
        (
            "signal_then_call",
            "k",
            "a send event task with sequence ID 0, type 'EventSent' name 'op', instance ID '@counter@k',",
        ),
    ],
)
async def test_what_was_scheduled_first_is_what_the_text_names(
    app_host: AppHost, orchestrator: str, value: Any, text: str
) -> None:
    app_host.kill_worker(during="episode", nth=2)
    ended = await app_host.wait(await app_host.start(orchestrator, value))
    assert ended.output.startswith(
        f"Non-Deterministic workflow detected: A previous execution of this orchestration scheduled {text}"
    )


async def test_without_anything_scheduled_a_later_episode_fails_as_a_first_one(app_host: AppHost) -> None:
    await app_host.start("wait_for_event", instance_id="o")
    await app_host.run_until_idle()
    app_host.kill_worker(during="episode")
    await app_host.raise_event("o", "go", 1)
    assert "failed: One or more errors occurred. (" in (await app_host.wait("o")).output


@pytest.mark.parametrize(("when", "calls"), [("before", 0), ("after", 1)])
async def test_an_activity_comes_back_as_failed_whether_or_not_it_has_acted(
    app_host: AppHost, when: Moment, calls: int
) -> None:
    real = failed_step(recorded("crash-of-the-worker"))
    app_host.kill_worker(during="activity", name="a", when=when)
    ended = await app_host.wait(await app_host.start("two_steps", instance_id="o"))
    assert ended.runtime_status == "Failed"
    (failure,) = [each for each in await events_of(app_host, "o") if each["EventType"] == 6]
    assert as_recorded(failure["Reason"]) == real["Reason"].replace("exit_once", "A")
    details, real_details = json.loads(failure["Details"]), json.loads(real["Details"])
    assert as_recorded(details.pop("Message")) == real_details.pop("Message")
    details.pop("StackTrace"), real_details.pop("StackTrace")
    assert details == real_details
    assert len(app_host.activity_calls) == calls


async def test_a_policy_of_retries_counts_it_as_a_failed_attempt(app_host: AppHost) -> None:
    app_host.replace_activity("F", lambda value: "done")
    app_host.kill_worker(during="activity", when="after")
    instance = await app_host.start("with_retry", 2)
    await app_host.advance(seconds=1)
    assert (await app_host.wait(instance)).output == "done"
    assert len(app_host.activity_calls) == 2


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_batch_of_an_entity_is_repeated_and_counts_once(app_host: AppHost, when: Moment) -> None:
    app_host.kill_worker(during="entity", name="counter", when=when)
    assert (await app_host.wait(await app_host.start("signal_then_call", "k"))).output == 15
    assert await app_host.entity("counter", "k") == 15
    assert app_host.worker_deaths == 1
    assert app_host.entity_runs["counter"] == (1 if when == "before" else 2)


async def test_all_that_is_in_hand_dies_with_it(app_host: AppHost) -> None:
    begun = asyncio.Event()
    lost: list[str] = []

    async def never_ends(value: str) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            lost.append(value)

    app_host.replace_activity("F", never_ends)
    await app_host.start("catch_failure", instance_id="other")
    await begun.wait()
    app_host.kill_worker(during="activity", name="A")
    await app_host.start("two_steps", instance_id="o")
    assert "Activity function 'F' failed: " in (await app_host.wait("other")).output
    assert "exited with code 137 (0x89)" in (await app_host.status("other")).output
    assert len(lost) == 1
    assert app_host.worker_deaths == 1
    app_host.replace_activity("F", lambda value: "alive")
    assert (await app_host.wait(await app_host.start("catch_failure"))).output == "not raised"


async def test_an_http_function_that_was_in_hand_answers_500(app_host: AppHost) -> None:
    app_host.kill_worker(during="function", when="after")
    assert (await app_host.http.post("/api/release")).status == 500
    assert (await app_host.http.post("/api/release")).text == "released"


async def test_an_order_that_is_never_met_kills_no_worker(app_host: AppHost) -> None:
    app_host.kill_worker(during="activity", nth=3)
    assert (await app_host.wait(await app_host.start("two_steps"))).output == [1, 2]
    assert app_host.worker_deaths == 0
