"""An operator's second try: run the effects of one dead letter again, and close the record, and its order, honestly."""

from dataclasses import dataclass

import azure.durable_functions as df

from activities.dead_letter import close_dead_letter
from activities.order_repository import close_order
from domain.orders.order import CloseOrder
from domain.workflows.dead_letter import CloseDeadLetter, DeadLetter, DeadLetterState, ReplayProgress
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, STEP, Wait
from orchestrators.kernel.run import Story

bp = df.Blueprint()


@dataclass(kw_only=True)
class Replay(Story):
    """One try."""

    letter: DeadLetter
    result: StepResult | None = None

    def progress(self) -> ReplayProgress:
        return ReplayProgress(dead_letter_id=self.letter.dead_letter_id, result=self.result, steps=tuple(self.ledger))


@bp.orchestration_trigger(context_name="context")
def replay_dead_letter(context: df.DurableOrchestrationContext) -> Wait:
    """Input: a `DeadLetter`. Result and custom status: a `ReplayProgress`. The record stays open unless its step is done."""
    letter = DeadLetter.model_validate(context.get_input())
    replay = Replay(context=context, name=context.instance_id, letter=letter)
    replay.result = yield from replay.step(letter.step, letter.effects, STEP)
    if replay.result.outcome is Outcome.DONE:
        yield from _close_record(replay)
    return replay.progress().to_wire()


def _close_record(replay: Replay) -> Wait:
    """Tell the order repository first: as long as it does not answer, the record stays open for another try."""
    letter, now = replay.letter, replay.context.current_utc_datetime
    if letter.order_end is not None:
        entry = replay.ledger[-1].model_copy(update={"kind": "compensation"})
        order = CloseOrder(order_id=letter.order_id, status=letter.order_end, entry=entry)
        entered = yield from replay.call([activity(close_order, order)], PERSISTENT, seed="close_order")
        if entered.answer is None:
            return
    closing = CloseDeadLetter(dead_letter_id=letter.dead_letter_id, state=DeadLetterState.REPLAYED, at=now)
    yield from replay.call([activity(close_dead_letter, closing)], PERSISTENT, seed="close_dead_letter")
