"""Send a webhook: with back-off, and dead-lettered when no server takes it. A workflow's end never depends on it."""

from activities.webhook import deliver_webhook
from domain.workflows.commands import step_of
from domain.workflows.webhook import Webhook
from orchestrators.kernel.commands import activity
from orchestrators.kernel.dead_lettering import done_or_dead_lettered
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.workflow_run import WorkflowRun


def send_webhook(run: WorkflowRun, webhook: Webhook) -> Wait:
    """Deliver a webhook, trying for hours, and record in the ledger what came of it. Returns the `StepResult`."""
    return (yield from done_or_dead_lettered(run, step_of(activity(deliver_webhook, webhook))))
