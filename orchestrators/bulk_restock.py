"""Restock many products: each line at its product's entity, again and again until it is answered."""

from functools import partial
from typing import Any, Final

import azure.durable_functions as df

from domain.inventory.bulk_restock import (
    BULK_RESTOCK,
    BulkRestockRequest,
    DeliveryLine,
    restock_command,
    restock_message,
)
from domain.inventory.steps import RESTOCK_INVENTORY
from domain.workflows.commands import Step
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import task_for
from orchestrators.kernel.dead_lettering import dead_letter
from orchestrators.kernel.fan_out import Rounds, in_rounds
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.workflow_run import NO_ANSWER, WorkflowRun

RESTOCK_CONCURRENCY: Final = 20

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def bulk_restock(context: df.DurableOrchestrationContext) -> Wait:
    """Restock every line. `detail.results` has, per line, `done`, the reason code of a refusal, or `no_answer`.

    Input: `{key, request: BulkRestockRequest}`. Result and custom status: a `WorkflowProgress`.
    """
    given = context.get_input()
    lines = BulkRestockRequest.model_validate(given["request"]).lines
    run = WorkflowRun.begin(context, BULK_RESTOCK, given)
    run.show("Restocking.", lines=len(lines), answered=0)
    results = yield from restock_lines(run, lines)
    run.detail["results"] = [result.reason_code or result.outcome for result in results]
    message = restock_message(run.detail["results"])
    unanswered = [line for line, result in zip(lines, results, strict=True) if result.outcome is Outcome.UNKNOWN]
    result = NO_ANSWER if unanswered else StepResult(message=message)
    run.record(RESTOCK_INVENTORY, result)
    if unanswered:
        yield from dead_letter_lines(run, unanswered)
        return run.end("failed", message, "no_answer")
    return run.end("completed", message)


def restock_lines(run: WorkflowRun, lines: tuple[DeliveryLine, ...]) -> Wait:
    """Return the `StepResult` of each line."""
    now = run.context.current_utc_datetime
    answers = yield from in_rounds(
        run,
        lines,
        lambda line: task_for(run.context, [restock_command(run.key, line, now)]),
        Rounds(is_open=lambda answer: answer["outcome"] == Outcome.UNKNOWN, policy=PERSISTENT, seed=RESTOCK_INVENTORY),
        width=RESTOCK_CONCURRENCY,
        no_answer=lambda line: NO_ANSWER.to_wire(),
        after_batch=partial(_show_answered, run),
    )
    return [StepResult.model_validate(answer) for answer in answers]


def dead_letter_lines(run: WorkflowRun, lines: list[DeliveryLine]) -> Wait:
    """Leave the lines without an answer to an operator; a replay restocks under the same names, so nothing counts twice."""
    now = run.context.current_utc_datetime
    step = Step(name=RESTOCK_INVENTORY, commands=tuple(restock_command(run.key, line, now) for line in lines))
    yield from dead_letter(run, DeadLetter.of(run.workflow, run.key, step, NO_ANSWER, now))


def _show_answered(run: WorkflowRun, answered: int) -> Any:
    run.show("Restocking.", answered=answered)
