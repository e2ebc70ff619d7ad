"""An operator's second try: run the effects of one dead letter again, and close the record, and its order, honestly."""

from typing import Final

import azure.durable_functions as df

from activities.dead_letter import close_dead_letter
from activities.order_book import close_order
from domain.dead_letter import CloseDeadLetter, DeadLetter, DeadLetterClosed, DeadLetterState
from domain.order import CloseOrder
from domain.steps import LedgerEntry, Outcome, StepResult
from orchestrators.effects import activity, combined, task_for
from orchestrators.retry import STEP, Wait, call_with_backoff

bp = df.Blueprint()

_NO_ANSWER: Final = StepResult(outcome=Outcome.UNKNOWN, reason_code="no_answer", message="still no answer")


@bp.orchestration_trigger(context_name="context")
def replay_dead_letter(context: df.DurableOrchestrationContext) -> Wait:
    """Input: a `DeadLetter`. Result: the `StepResult` of this try; the record stays open unless it is done."""
    letter = DeadLetter.model_validate(context.get_input())
    attempts = yield from call_with_backoff(
        context, lambda: _attempt(context, letter), STEP, seed=letter.dead_letter_id
    )
    result = _NO_ANSWER if attempts.answer is None else combined(attempts.answer)
    if result.outcome is Outcome.DONE:
        yield from _close(context, letter, result)
    return result.to_wire()


def _attempt(context: df.DurableOrchestrationContext, letter: DeadLetter) -> Wait:
    return (yield task_for(context, letter.effects))


def _close(context: df.DurableOrchestrationContext, letter: DeadLetter, result: StepResult) -> Wait:
    now = context.current_utc_datetime
    closing = CloseDeadLetter(dead_letter_id=letter.dead_letter_id, state=DeadLetterState.REPLAYED, at=now)
    answer = yield context.call_activity(close_dead_letter, closing.to_wire())
    if letter.order_end is None or DeadLetterClosed.model_validate(answer).open_left:
        return
    entry = LedgerEntry(step=letter.step, kind="undo", outcome=result.outcome, at=now, message=result.message)
    closed = CloseOrder(order_id=letter.order_id, status=letter.order_end, entry=entry)
    yield context.call_activity(close_order, closed.to_wire())
