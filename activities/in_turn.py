"""Take several steps of an order as one activity.

It adds no effect of its own: each step is the activity of its name, which may run twice. A process that dies in between leaves
what a process leaves that dies between two activities, but for the history, which has neither step. So only steps may share it
whose commands were complete, and whose compensations were registered, before the first of them began.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import azure.durable_functions as df

from activities.payment import authorise_payment, capture_payment
from activities.shipping import buy_label, create_shipment
from domain.errors import ProviderUnavailable, StorageUnavailable
from domain.orders import steps
from domain.orders.in_turn import StepsInTurn, StepsTaken, StepTaken, after_step
from domain.orders.run import PROGRESS
from domain.workflows.failure_reason import failure_reason
from domain.workflows.steps import LedgerEntry, Outcome, StepResult
from services.tracing import step_of_an_activity

bp = df.Blueprint()

_ACTIVITIES: Final[Mapping[str, Any]] = {
    steps.AUTHORISE_PAYMENT: authorise_payment,
    steps.CREATE_SHIPMENT: create_shipment,
    steps.BUY_LABEL: buy_label,
    steps.CAPTURE_PAYMENT: capture_payment,
}

# The host ends a function after five minutes. A step that begins later than this is left to an activity of its own.
_LATEST_BEGIN_S: Final = 60


@bp.activity_trigger(input_name="request")
def take_in_turn(request: dict) -> dict[str, Any]:
    """Take steps until one is not done, has no answer, or would begin too late. The answer is `StepsTaken`."""
    asked, began = StepsInTurn.model_validate(request), time.monotonic()
    progress, taken = asked.progress, dict[str, StepTaken]()
    for command, following in zip(asked.commands, [*asked.commands[1:], None], strict=True):
        step = _taken(command.operation, {**command.request, PROGRESS: progress.to_wire()})
        taken[command.operation] = step
        if following is None or step.answer is None or step.answer.outcome is not Outcome.DONE:
            break
        if time.monotonic() - began > _LATEST_BEGIN_S:
            break
        done = LedgerEntry.of(command.operation, step.answer, datetime.now(UTC))
        progress = after_step(progress, done, following.operation)
    return StepsTaken(steps=taken).to_wire()


def _taken(step: str, request: dict[str, Any]) -> StepTaken:
    """Take one step. What is not expected of a provider or a store is raised: the host logs it with its trace."""
    try:
        with step_of_an_activity(step, request):
            return StepTaken(answer=StepResult.model_validate(_ACTIVITIES[step](request)))
    except (ProviderUnavailable, StorageUnavailable) as error:
        return StepTaken(unanswered=failure_reason(f"{type(error).__name__}: {error}"))
