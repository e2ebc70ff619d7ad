"""Restock many products: each line at its product's entity, again and again until it is answered."""

from datetime import datetime, timedelta
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
from orchestrators.kernel.tasks import DurableTask
from orchestrators.kernel.workflow_run import NO_ANSWER, WorkflowRun

RESTOCK_CONCURRENCY: Final = 20

_REPEAT_AFTER: Final = timedelta(days=1)
"""Once the host was down for so long, a stock may have forgotten a restock that it made before."""

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
    began = context.current_utc_datetime if run.restart is None else run.restart.started_at
    results = yield from restock_lines(run, lines, began)
    run.detail["results"] = [result.reason_code or result.outcome for result in results]
    message = restock_message(run.detail["results"])
    unanswered = [line for line, result in zip(lines, results, strict=True) if result.outcome is Outcome.UNKNOWN]
    result = NO_ANSWER if unanswered else StepResult(message=message)
    run.record(RESTOCK_INVENTORY, result)
    if unanswered:
        yield from dead_letter_lines(run, unanswered, began)
        return run.end("failed", message, "no_answer")
    return run.end("completed", message)


def restock_lines(run: WorkflowRun, lines: tuple[DeliveryLine, ...], began: datetime) -> Wait:
    """Return the `StepResult` of each line. began: when the run's first instance did."""
    now = run.context.current_utc_datetime

    def restocking(line: DeliveryLine) -> DurableTask:
        is_repeat = run.restart is not None or run.context.current_utc_datetime - now > _REPEAT_AFTER
        return task_for(run.context, [restock_command(run.key, line, now, began if is_repeat else None)])

    answers = yield from in_rounds(
        run,
        lines,
        restocking,
        Rounds(is_open=lambda answer: answer["outcome"] == Outcome.UNKNOWN, policy=PERSISTENT, seed=RESTOCK_INVENTORY),
        width=RESTOCK_CONCURRENCY,
        no_answer=lambda line: NO_ANSWER.to_wire(),
        after_batch=partial(_show_answered, run),
    )
    return [StepResult.model_validate(answer) for answer in answers]


def dead_letter_lines(run: WorkflowRun, lines: list[DeliveryLine], began: datetime) -> Wait:
    """Leave the lines without an answer to an operator; a replay restocks under the same names, so nothing counts twice."""
    now = run.context.current_utc_datetime
    commands = tuple(restock_command(run.key, line, now, began) for line in lines)
    step = Step(name=RESTOCK_INVENTORY, commands=commands)
    yield from dead_letter(run, DeadLetter.of(run.workflow, run.key, step, NO_ANSWER, now))


def _show_answered(run: WorkflowRun, answered: int) -> Any:
    run.show("Restocking.", answered=answered)
