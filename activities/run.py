"""Record which way a run goes and how it ends, and start a run again that was given up."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from domain.workflows.records import RecordRun, SettleCourse
from domain.workflows.run import CloseRun, RestartRun, Run
from domain.workflows.steps import StepResult
from services.container import services
from services.telemetry import emit_dead_letter, emit_status
from services.workflows.records import announce_end, conclude, records_of

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
@observed(SettleCourse)
def settle_course(request: dict) -> dict[str, Any]:
    """Record which way a run goes, unless that is recorded. The answer is the `CourseSettled` that holds."""
    asked = SettleCourse.model_validate(request)
    return records_of(asked.workflow).settle_course(asked).to_wire()


@bp.activity_trigger(input_name="request")
@observed(RecordRun)
def record_run(request: dict) -> dict[str, Any]:
    """Record where a run stands, store its message in the outbox, and dead-letter its open compensations.

    Progress never moves a run back. It is one activity, because every order ends with it. Refused as not_notified when only the
    message failed.
    """
    record = RecordRun.model_validate(request)
    emit_status(records_of(record.workflow).record_progress(record))
    notified, stored = conclude(record)
    for dead_letter in stored:
        emit_dead_letter(dead_letter)
    return notified.to_wire()


@bp.activity_trigger(input_name="request")
@observed(CloseRun)
def close_run(request: dict) -> dict[str, Any]:
    """Record a compensation that was completed late; with the last open one the run ends.

    Refused as not_waiting when the run does not need attention.
    """
    closing = CloseRun.model_validate(request)
    after = records_of(closing.workflow).close(closing)
    if after is None or after.status not in (closing.end, "needs_attention"):
        status = "unknown" if after is None else after.status
        return StepResult.refused("not_waiting", f"the run's status is {status}").to_wire()
    emit_status(after.changed)
    announce_end(closing, after)
    return StepResult().to_wire()
