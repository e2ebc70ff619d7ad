"""Dead-letter what a run could not get done, for an operator to look at and to replay."""

from activities.dead_letter import store_dead_letter
from domain.workflows.commands import Step
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, RetryPolicy, Wait
from orchestrators.kernel.workflow_run import WorkflowRun


def dead_letter(run: WorkflowRun, *records: DeadLetter) -> Wait:
    """Store records, trying for hours."""
    commands = [activity(store_dead_letter, record) for record in records]
    seed = "dead_letter:" + ",".join(record.step for record in records)
    yield from run.call(commands, PERSISTENT, seed=seed)


def done_or_dead_lettered(run: WorkflowRun, step: Step, policy: RetryPolicy = PERSISTENT) -> Wait:
    """Take a step that can no longer change how the run ends: what does not get done is dead-lettered, never compensated.

    Returns the `StepResult`.
    """
    result: StepResult = yield from run.take(step, policy)
    if result.outcome is not Outcome.DONE:
        at = run.context.current_utc_datetime
        yield from dead_letter(run, DeadLetter.of(run.workflow, run.key, step, result, at))
    return result
