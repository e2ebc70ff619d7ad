"""Start a run again that was given up."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from domain.workflows.run import RestartRun, Run
from domain.workflows.steps import StepResult
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@bp.durable_client_input(client_name="client")
async def restart_run(request: dict, client: df.DurableOrchestrationClient) -> dict[str, Any]:
    """Have a run looked after again, and start it; a repeat finds it started. Refused as has_completed when it is done."""
    asked = RestartRun.model_validate(request)
    status = await client.get_status(asked.instance_id)
    if status and status.runtime_status is df.OrchestrationRuntimeStatus.Completed:
        return StepResult.refused("has_completed", "the run has completed").to_wire()
    run = Run(**dict(asked), accepted_at=datetime.now(UTC))
    await asyncio.to_thread(services().run_repository.reopen, run)
    if not status or status.runtime_status in (
        df.OrchestrationRuntimeStatus.Failed,
        df.OrchestrationRuntimeStatus.Terminated,
    ):
        await client.start_new(run.workflow, run.instance_id, dict(run.request))
    return StepResult(reference=run.instance_id).to_wire()
