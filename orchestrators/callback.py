"""Call back: with back-off, and parked for an operator when nobody takes it. A workflow's end never depends on it."""

from activities.callback import deliver_callback
from activities.dead_letter import park_dead_letter
from domain.callback import STEP, Callback, parked_callback
from domain.steps import Outcome
from orchestrators.effects import activity
from orchestrators.retry import PERSISTENT, Wait
from orchestrators.story import Story


def call_back(story: Story, callback: Callback) -> Wait:
    """Deliver a callback, trying for hours, and note in the ledger what came of it. Gives the `StepResult`."""
    effect = activity(deliver_callback, callback)
    result = yield from story.step(STEP, [effect], PERSISTENT)
    if result.outcome is not Outcome.DONE:
        letter = parked_callback(callback, effect, result, story.context.current_utc_datetime)
        yield from story.call([activity(park_dead_letter, letter)], PERSISTENT, seed=f"park:{STEP}")
    return result
