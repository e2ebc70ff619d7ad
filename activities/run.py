"""Record which way a run goes and how it ends, and start a run again that was given up."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from domain.ids import instance_id_of
from domain.workflows.run import CloseRun, RecordRunEnd, RestartRun, Run, RunCourseSettled, SettleRunCourse
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


@bp.activity_trigger(input_name="request")
def settle_run_course(request: dict) -> dict[str, Any]:
    """Record which way a run goes, unless that is recorded. Answers with the `RunCourseSettled` that holds."""
    asked = SettleRunCourse.model_validate(request)
    course = services().run_repository.settle_course(instance_id_of(asked.workflow, asked.key), asked.course)
    return RunCourseSettled(course=course).to_wire()


@bp.activity_trigger(input_name="request")
def record_run_end(request: dict) -> dict[str, Any]:
    """Record the end of a run that needs attention, which changes once its compensations are done."""
    asked = RecordRunEnd.model_validate(request)
    services().run_repository.record_end(instance_id_of(asked.workflow, asked.key), asked.end)
    return StepResult().to_wire()


@bp.activity_trigger(input_name="request")
def close_run(request: dict) -> dict[str, Any]:
    """Record a compensation that was completed late; with the last open one the run ends."""
    services().run_repository.close(CloseRun.model_validate(request))
    return StepResult().to_wire()
