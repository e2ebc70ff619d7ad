"""Park what could not be done automatically, and close it when it was."""

from typing import Any

import azure.durable_functions as df

from activities.observed import observed
from adapters.compose import dead_letters
from adapters.telemetry import emit_dead_letter
from domain.dead_letter import CloseDeadLetter, DeadLetter
from domain.steps import StepResult

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
@observed
def park_dead_letter(request: dict) -> dict[str, Any]:
    """Keep a record for an operator. Parking the same failure twice keeps one."""
    letter = DeadLetter.model_validate(request)
    emit_dead_letter(dead_letters().park(letter))
    return StepResult(reference=letter.dead_letter_id).to_wire()


@bp.activity_trigger(input_name="request")
@observed
def close_dead_letter(request: dict) -> dict[str, Any]:
    """Close a record, unless it is closed."""
    emit_dead_letter(dead_letters().close(CloseDeadLetter.model_validate(request)))
    return StepResult().to_wire()
