"""What a function raises is in the log once, with where it happened, under the category of the real host."""

from pathlib import Path

import pytest

from local_host.testing import running_app

APP = Path(__file__).parent / "apps" / "failing"


@pytest.mark.parametrize(
    ("orchestrator", "category", "marker", "place"),
    [
        ("calls_failing", "Function.boom", "ValueError: activity bug marker", "in boom"),
        ("raises", "Function.raises", "RuntimeError: orchestrator bug marker", "in raises"),
    ],
)
async def test_a_failure_is_logged_once_with_its_stack(
    caplog: pytest.LogCaptureFixture, orchestrator: str, category: str, marker: str, place: str
) -> None:
    async with running_app(APP) as host:
        instance = await host.start(orchestrator)
        await host.wait(instance)
    (record,) = [record for record in caplog.records if record.name == category]
    text = record.getMessage()
    assert record.levelname == "ERROR"
    assert text.startswith(f"Executed 'Functions.{category.removeprefix('Function.')}' (Failed) for {instance}: ")
    assert marker in text
    assert place in text
    assert "$OutOfProcData$" not in text
