"""versionMatchStrategy Strict: entities have no version, so none of them runs; recorded texts for instances."""

from __future__ import annotations

from typing import Any

import azure.durable_functions as df
import pytest

from local_host.engine.config import DurableConfig, VersionFailure, VersionMatch
from local_host.engine.status import RuntimeStatus
from local_host_tests.small_app import SmallApp, running

MISMATCH = "VersionMismatch: Orchestration version did not comply with Worker Versioning"


@pytest.fixture
def app() -> SmallApp:
    app = SmallApp()

    @app.orchestrator
    def calls(context: Any) -> Any:
        return (yield context.call_entity(df.EntityId("counter", "k"), "add", 1))

    @app.entity
    def counter(context: Any) -> None:
        context.set_state(1)
        context.set_result(1)

    return app


@pytest.mark.parametrize("failure", VersionFailure)
async def test_an_entity_never_answers_under_strict(app: SmallApp, failure: VersionFailure) -> None:
    config = DurableConfig(default_version="1.0", version_match=VersionMatch.STRICT, version_failure=failure)
    async with running(app, config=config) as engine:
        await engine.operations.signal_entity("counter", "k", "add")
        status = await engine.run("calls")

    assert (status.runtime_status, app.batches) == (RuntimeStatus.RUNNING, [])


async def test_an_instance_of_another_version_fails_with_the_text_of_the_framework(app: SmallApp) -> None:
    config = DurableConfig(
        default_version="1.0", version_match=VersionMatch.STRICT, version_failure=VersionFailure.FAIL
    )
    async with running(app, config=config) as engine:
        instance = await engine.operations.start("calls", version="")
        await engine.settle()
        status = await engine.status(instance)

    assert (status.runtime_status, status.output) == (RuntimeStatus.FAILED, MISMATCH)
