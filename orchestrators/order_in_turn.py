"""Take several of an order's steps with one activity, where no step needs what the one before it has written down."""

from collections.abc import Sequence
from typing import Final

from activities.in_turn import take_in_turn
from domain.orders.in_turn import StepsInTurn, StepsTaken, StepTaken
from domain.workflows.commands import Compensation, Step
from domain.workflows.failure_reason import failure_reason
from domain.workflows.steps import StepResult
from orchestrators.kernel.commands import activity, task_for
from orchestrators.kernel.retry import AttemptFailed, Wait
from orchestrators.order_run import OrderRun

_ONE_BY_ONE: Final = (None, "1.0")
"""The versions of instances that were started when each step had an activity of its own."""


def take_early(run: OrderRun, steps: Sequence[Step], compensations: Sequence[Compensation] = ()) -> Wait:
    """Have one activity take steps in turn. The run meets each answer when it comes to the step.

    It is their first attempt, and the only one together: what has no answer then is tried again by itself. An instance that
    began before there was such an activity takes each step when it comes to it.

    Args:
        run: The order's run.
        steps: Each of one command, complete before the first is taken.
        compensations: Of the steps. They are registered while it is not known which steps were begun.

    Raises:
        RunStopped: The order was cancelled before.
    """
    if run.context.version in _ONE_BY_ONE:
        return
    run.stop_if_cancelled()
    before = [*run.compensations]
    for compensation in compensations:
        run.register(compensation)
    first = steps[0].name
    run.begin_attempt(first, 1)
    request = StepsInTurn(commands=tuple(step.commands[0] for step in steps), progress=run.progress())
    try:
        answer = yield from run.wait_for(task_for(run.context, [activity(take_in_turn, request)]))
    except Exception as error:  # noqa: BLE001 - the runtime raises nothing more precise for a failed task
        run.early[first] = AttemptFailed(failure_reason(str(error)))
        return
    run.compensations = before  # the run registers that of each step which it comes to
    taken = StepsTaken.model_validate(answer).steps
    run.early |= {name: _early(step) for name, step in taken.items()}


def _early(step: StepTaken) -> StepResult | AttemptFailed:
    return AttemptFailed(str(step.unanswered)) if step.answer is None else step.answer
