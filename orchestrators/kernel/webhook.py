"""Call back: with back-off, and dead-lettered for an operator when no server takes it. A workflow's end never depends on it."""

from activities.callback import deliver_callback
from domain.workflows.commands import step_of
from domain.workflows.webhook import Callback
from orchestrators.kernel.commands import activity
from orchestrators.kernel.dead_lettering import done_or_dead_lettered
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.workflow_run import WorkflowRun


def call_back(run: WorkflowRun, callback: Callback) -> Wait:
    """Deliver a callback, trying for hours, and record in the ledger what came of it. Returns the `StepResult`."""
    return (yield from done_or_dead_lettered(run, step_of(activity(deliver_callback, callback))))
