"""What a function raises is in the log once, with where it happened, under the category of the real host."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
import pytest

from local_host.testing import running_app

APP = Path(__file__).parent / "apps" / "failing"
EXECUTED = re.compile(r"Executed 'Functions\.(\w+)' \(Failed, Id=[0-9a-f-]{36}, Duration=\d+ms\)\n")


def failures(caplog: pytest.LogCaptureFixture, function: str) -> list[tuple[str, str]]:
    """Level and text of each failure of the function."""
    records = [record for record in caplog.records if record.name == f"Function.{function}"]
    return [(record.levelname, record.getMessage()) for record in records if "(Failed" in record.getMessage()]


async def failed_once(caplog: pytest.LogCaptureFixture, function: str, level: str = "ERROR") -> str:
    """Return the one record of what the function raised."""
    ((found, text),) = failures(caplog, function)
    assert found == level
    match = EXECUTED.match(text)
    assert match is not None, text
    assert match[1] == function
    return text


async def run(orchestrator: str) -> str:
    async with running_app(APP) as host:
        instance = await host.start(orchestrator)
        await host.run_until_idle()
        await host.advance(seconds=1)
        await host.wait(instance)
    return str(instance)


@pytest.mark.parametrize(
    ("orchestrator", "function", "marker"),
    [
        ("calls_failing", "boom", "ValueError: activity bug marker"),
        ("raises", "raises", "RuntimeError: orchestrator bug marker"),
    ],
)
async def test_a_failure_is_logged_once_with_its_stack_and_its_cause(
    caplog: pytest.LogCaptureFixture, orchestrator: str, function: str, marker: str
) -> None:
    instance = await run(orchestrator)
    text = await failed_once(caplog, function)
    assert f"Exception while executing function: Functions.{function} (for {instance}, attempt 1 of 1)\n" in text
    assert f"Exception: {marker}\nStack: " in text
    assert f", in {function}\n" in text.partition("caused by")[0]
    assert "caused by KeyError: 'root cause marker'\n" in text
    assert f", in {function}\n" in text.partition("caused by")[2]
    assert caplog.text.count(f"Exception: {marker}\n") == 1
    assert "$OutOfProcData$" not in caplog.text


async def test_an_orchestrator_that_an_activity_fails_has_its_text_but_not_its_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await run("calls_failing")
    text = await failed_once(caplog, "calls_failing")
    assert "Exception: Exception: Activity function 'boom' failed: ValueError: activity bug marker\n" in text
    assert "RemoteStackTrace" not in text


async def test_attempts_that_the_host_repeats_are_warnings_and_the_last_one_is_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    await run("retries")
    found = failures(caplog, "boom")
    assert [level for level, _ in found] == ["WARNING", "WARNING", "ERROR"]
    for number, (_, text) in enumerate(found, start=1):
        assert f", attempt {number} of 3" in text
        assert ("to be tried again" in text) is (number < 3)


async def test_an_operation_of_an_entity_that_fails_is_logged_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    await run("calls_entity")
    text = await failed_once(caplog, "counter")
    assert (
        "(for @counter@k, attempt 1 of 1)\nOperation 'fail' failed.\nException: ValueError: entity bug marker\n" in text
    )
    assert ", in counter\n" in text


async def test_an_http_function_that_fails_is_logged_with_its_stack(caplog: pytest.LogCaptureFixture) -> None:
    async with (
        running_app(APP) as host,
        aiohttp.ClientSession() as client,
        client.get(f"{host.origin}/api/fails") as response,
    ):
        assert response.status == 500
    text = await failed_once(caplog, "fails")
    assert "Exception: ValueError: http bug marker\nStack: " in text
    assert ", in fails\n" in text


async def test_a_retry_policy_makes_all_but_the_last_try_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    async with running_app(APP) as host:
        await host.run("tick")
    found = failures(caplog, "tick")
    assert [level for level, _ in found] == ["WARNING", "ERROR"]
    assert "(attempt 1 of 2, to be tried again)" in found[0][1]
    assert "(attempt 2 of 2)" in found[1][1]
