"""Call back: with back-off, and dead-lettered for an operator when nobody takes it. A workflow's end never depends on it."""

from typing import Final

from activities.callback import deliver_callback
from domain.workflows.steps import Outcome
from domain.workflows.webhook import Callback
from orchestrators.kernel.commands import activity
from orchestrators.kernel.dead_lettering import dead_letter
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.run import Story

DELIVER_CALLBACK: Final = "deliver_callback"


def call_back(story: Story, callback: Callback) -> Wait:
    """Deliver a callback, trying for hours, and note in the ledger what came of it. Gives the `StepResult`."""
    effect = activity(deliver_callback, callback)
    result = yield from story.step(DELIVER_CALLBACK, [effect], PERSISTENT)
    if result.outcome is not Outcome.DONE:
        yield from dead_letter(story, callback.run_id, DELIVER_CALLBACK, effect, result)
    return result
