"""Replay a dead letter for an operator: run its commands again, then close the record, and the run that it belongs to."""

from dataclasses import dataclass

import azure.durable_functions as df

from activities.dead_letter import begin_replay, close_dead_letter
from activities.run import close_run
from domain.workflows.commands import Step
from domain.workflows.dead_letter import (
    REPLAY_DEAD_LETTER,
    BeginReplay,
    CloseDeadLetter,
    DeadLetter,
    DeadLetterState,
    ReplayProgress,
)
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.workflow_run import WorkflowRun

bp = df.Blueprint()


@dataclass(kw_only=True)
class Replay(WorkflowRun):
    """One replay."""

    dead_letter: DeadLetter
    result: StepResult | None = None

    def progress(self) -> ReplayProgress:
        """Return the present state, in the one shape that status and result have."""
        return ReplayProgress(
            dead_letter_id=self.dead_letter.dead_letter_id, result=self.result, steps=tuple(self.ledger)
        )


@bp.orchestration_trigger(context_name="context")
def replay_dead_letter(context: df.DurableOrchestrationContext) -> Wait:
    """Try the step of a dead letter again, which stays open unless the step is done.

    Input: a `DeadLetter`. Result and custom status: a `ReplayProgress`.
    """
    dead_letter = DeadLetter.model_validate(context.get_input())
    replay = Replay(
        context=context, workflow=REPLAY_DEAD_LETTER, key=dead_letter.dead_letter_id, dead_letter=dead_letter
    )
    beginning = BeginReplay(dead_letter_id=dead_letter.dead_letter_id, attempt=dead_letter.replays)
    replay.result = yield from replay.ask(activity(begin_replay, beginning), StepResult, PERSISTENT)
    if replay.result is not None and replay.result.outcome is Outcome.DONE:
        replay.result = yield from replay.take(Step(name=dead_letter.step, commands=dead_letter.commands))
        if replay.result.outcome is Outcome.DONE:
            yield from _close(replay)
    return replay.progress().to_wire()


def _close(replay: Replay) -> Wait:
    """Close the run first: as long as its repository does not answer, the record stays open for another replay."""
    dead_letter, now = replay.dead_letter, replay.context.current_utc_datetime
    closing = dead_letter.closing(replay.ledger[-1].model_copy(update={"kind": "compensation"}))
    if closing is not None:
        closed = yield from replay.call([activity(close_run, closing)], PERSISTENT, seed="close_run")
        if closed.answer is None:
            return
    record = CloseDeadLetter(dead_letter_id=dead_letter.dead_letter_id, state=DeadLetterState.REPLAYED, at=now)
    yield from replay.call([activity(close_dead_letter, record)], PERSISTENT, seed="close_dead_letter")
