"""Dead-letter what could not be done automatically, and close it when it was."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from domain.workflows.dead_letter import BeginReplay, CloseDeadLetter, DeadLetter
from domain.workflows.steps import StepResult
from services.container import services
from services.telemetry import emit_dead_letter
from services.workflows.dead_letters import begin

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed(DeadLetter)
def store_dead_letter(request: dict) -> dict[str, Any]:
    """Keep a record for an operator. Dead-lettering the same failure twice keeps one."""
    dead_letter = DeadLetter.model_validate(request)
    emit_dead_letter(services().dead_letters.store(dead_letter))
    return StepResult(reference=dead_letter.dead_letter_id).to_wire()


@bp.activity_trigger(input_name="request")
@observed(BeginReplay)
def begin_replay(request: dict) -> dict[str, Any]:
    """Record that a replay begins.

    Refused: overtaken, when another replay or a resolution was faster; started_again, when its order goes on instead.
    """
    return begin(BeginReplay.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
@observed(CloseDeadLetter)
def close_dead_letter(request: dict) -> dict[str, Any]:
    """Close a record, unless it is closed."""
    emit_dead_letter(services().dead_letters.close(CloseDeadLetter.model_validate(request)))
    return StepResult().to_wire()
