"""Park what a workflow could not get done, for an operator to look at and to replay."""

from activities.dead_letter import park_dead_letter
from domain.dead_letter import DeadLetter
from domain.effects import Effect
from domain.ids import dead_letter_id
from domain.steps import StepResult
from orchestrators.effects import activity
from orchestrators.retry import PERSISTENT, Wait
from orchestrators.story import Story


def park(story: Story, run_id: str, step: str, effect: Effect, result: StepResult) -> Wait:
    """Keep a record of a step that is not done. run_id: of the workflow's run. effect: what a replay does."""
    letter = DeadLetter(
        dead_letter_id=dead_letter_id(run_id, step),
        order_id=run_id,
        step=step,
        effects=(effect,),
        reason_code=result.reason_code,
        message=result.message,
        parked_at=story.context.current_utc_datetime,
    )
    yield from story.call([activity(park_dead_letter, letter)], PERSISTENT, seed=f"park:{step}")
