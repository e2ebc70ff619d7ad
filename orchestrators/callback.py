"""Call back: with back-off, and parked for an operator when nobody takes it. A workflow's end never depends on it."""

from typing import Final

from activities.callback import deliver_callback
from domain.callback import Callback
from domain.steps import Outcome
from orchestrators.effects import activity
from orchestrators.parking import park
from orchestrators.retry import PERSISTENT, Wait
from orchestrators.story import Story

DELIVER_CALLBACK: Final = "deliver_callback"


def call_back(story: Story, callback: Callback) -> Wait:
    """Deliver a callback, trying for hours, and note in the ledger what came of it. Gives the `StepResult`."""
    effect = activity(deliver_callback, callback)
    result = yield from story.step(DELIVER_CALLBACK, [effect], PERSISTENT)
    if result.outcome is not Outcome.DONE:
        yield from park(story, callback.run_id, DELIVER_CALLBACK, effect, result)
    return result
