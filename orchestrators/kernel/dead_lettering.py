"""Dead-letter what a workflow could not get done, for an operator to look at and to replay."""

from activities.dead_letter import store_dead_letter
from domain.ids import dead_letter_id
from domain.workflows.commands import Effect
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.run import Story


def dead_letter(story: Story, run_id: str, step: str, effect: Effect, result: StepResult) -> Wait:
    """Keep a record of a step that is not done. run_id: of the workflow's run. effect: what a replay does."""
    letter = DeadLetter(
        dead_letter_id=dead_letter_id(run_id, step),
        order_id=run_id,
        step=step,
        effects=(effect,),
        reason_code=result.reason_code,
        message=result.message,
        dead_lettered_at=story.context.current_utc_datetime,
    )
    yield from story.call([activity(store_dead_letter, letter)], PERSISTENT, seed=f"dead_letter:{step}")
