"""Accept a batch of orders: chunk by chunk, a bounded number of orders at a time, and in the end one result per line.

An order's saga runs by itself once the order is accepted: the batch does not wait for it.
"""

from typing import Any, Final

import azure.durable_functions as df

from activities.order_batch import collect_batch_results, keep_batch_results, read_batch_lines
from activities.order_intake import accept_order_of_many
from domain.orders.batch import (
    ORDER_BATCH,
    BatchChunk,
    BatchLine,
    ChunkLines,
    ChunkResults,
    CollectResults,
    LineCounts,
    LineOutcome,
    LineResult,
    OrderBatch,
    counts_of,
)
from domain.orders.intake import AcceptOrder, OrderAccepted
from domain.workflows.commands import step_of
from domain.workflows.course import RunStopped
from domain.workflows.steps import CANCELLATION, Outcome, StepResult
from orchestrators.kernel.commands import activity, task_for
from orchestrators.kernel.fan_out import Rounds, in_rounds
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import NO_ANSWER, WorkflowRun, required

bp = df.Blueprint()

CHUNK: Final = "order_batch_chunk"

_OUTCOMES: Final = {
    Outcome.DONE: LineOutcome.ACCEPTED,
    Outcome.REFUSED: LineOutcome.REJECTED,
    Outcome.FAULTED: LineOutcome.FAILED,
    Outcome.UNKNOWN: LineOutcome.FAILED,
}


@bp.orchestration_trigger(context_name="context")
def order_batch(context: df.DurableOrchestrationContext) -> Wait:
    """Place the orders of many lines.

    Input: `{key, request: OrderBatch}`. Result and custom status: a `WorkflowProgress`; its detail counts lines.
    """
    given = context.get_input()
    batch = OrderBatch.model_validate(given["request"])
    run = WorkflowRun.begin(context, ORDER_BATCH, given)
    run.listen_for_cancellation()
    return (yield from saga(run, take_steps(run, batch)))


def take_steps(run: WorkflowRun, batch: OrderBatch) -> Wait:
    """Take every step; the results are collected, too, when a chunk was the last. Returns the instance's result."""
    run.show("The lines are read.", lines=batch.lines, rejected=batch.rejected, accepted=0, failed=0, chunks_begun=0)
    stop = yield from accept_chunks(run, batch)
    counts = yield from collect_results(run, batch)
    if stop is not None:
        raise stop
    return _ended(run, counts)


@bp.orchestration_trigger(context_name="context")
def order_batch_chunk(context: df.DurableOrchestrationContext) -> Wait:
    """Place the orders of one chunk's lines.

    Input: a `BatchChunk`. Result: `LineCounts`, which say so when the chunk could not be read or its results not be stored.
    """
    chunk = BatchChunk.model_validate(context.get_input())
    run = WorkflowRun(context=context, workflow=CHUNK, key=chunk.batch_id, patience_s=chunk.step_patience_s)
    try:
        reading = activity(read_batch_lines, chunk)
        read = yield from run.ask(reading, ChunkLines, PERSISTENT)
        results = yield from accept_lines(run, required(reading.operation, read).lines, chunk.width)
        storing = activity(keep_batch_results, ChunkResults(chunk=chunk, results=results))
        yield from run.do(step_of(storing), PERSISTENT)
    except RunStopped as stop:
        return LineCounts(outcome=Outcome.FAULTED, reason_code=stop.reason_code, message=stop.message).to_wire()
    return counts_of(results).to_wire()


def accept_chunks(run: WorkflowRun, batch: OrderBatch) -> Wait:
    """Accept one chunk after the other, each in a history of its own; none is begun once the batch is cancelled.

    Returns the RunStopped of a chunk that ended before its time, or None.
    """
    for number in range(batch.chunks):
        if run.cancelled_by is not None:
            break
        run.detail["chunks_begun"] = number + 1
        chunk = BatchChunk(
            batch_id=run.key,
            digest=batch.digest,
            number=number,
            width=batch.width,
            step_patience_s=run.patience_s,
        )
        try:
            counts = yield from accept_chunk(run, chunk)
        except RunStopped as stop:
            return stop
        detail = run.detail
        run.show(
            "Accepting the orders.",
            accepted=detail["accepted"] + counts.accepted,
            rejected=detail["rejected"] + counts.rejected,
            failed=detail["failed"] + counts.failed,
        )
    return None


def accept_chunk(run: WorkflowRun, chunk: BatchChunk) -> Wait:
    """Let a sub-orchestration accept one chunk. Returns its `LineCounts`. Raises RunStopped."""
    attempts = yield from run.part(CHUNK, chunk, seed=f"{CHUNK}:{chunk.number}")
    if attempts.answer is None:
        raise RunStopped("failed", "chunk_stopped", "A part of the batch stopped before its end.")
    return required(CHUNK, LineCounts.model_validate(attempts.answer))


def accept_lines(run: WorkflowRun, lines: tuple[BatchLine, ...], width: int) -> Wait:
    """Accept the chunk's orders, `width` at a time, and again later those that storage did not answer for.

    Returns their `LineResult`s.
    """
    answers = yield from in_rounds(
        run,
        lines,
        lambda line: task_for(
            run.context,
            [activity(accept_order_of_many, _acceptance(line, run.key))],
        ),
        Rounds(
            is_open=lambda answer: answer["outcome"] == Outcome.UNKNOWN, policy=run.step_policy, seed="accept_lines"
        ),
        width=width,
        no_answer=lambda line: NO_ANSWER.to_wire(),
    )
    return tuple(
        _result(line, OrderAccepted.model_validate(answer)) for line, answer in zip(lines, answers, strict=True)
    )


def collect_results(run: WorkflowRun, batch: OrderBatch) -> Wait:
    """Write the results of all lines. Returns their `LineCounts`."""
    wanted = CollectResults(
        batch_id=run.key, digest=batch.digest, chunks=batch.chunks, begun=run.detail["chunks_begun"]
    )
    command = activity(collect_batch_results, wanted)
    counts = required(command.operation, (yield from run.ask(command, LineCounts, PERSISTENT)))
    run.detail |= {str(outcome): getattr(counts, outcome) for outcome in LineOutcome}
    return counts


def _acceptance(line: BatchLine, batch_id: str) -> AcceptOrder:
    return AcceptOrder(order_id=line.order_id, request=line.request, batch_id=batch_id)


def _ended(run: WorkflowRun, counts: LineCounts) -> dict[str, Any]:
    if counts.not_started:
        run.record(CANCELLATION, StepResult(message=f"{counts.not_started} lines were not started."))
        return run.end("cancelled", "Stopped; what was accepted before stays.", "cancelled")
    return run.end("completed", f"{counts.accepted} of {run.detail['lines']} lines are accepted orders.")


def _result(line: BatchLine, taken: OrderAccepted) -> LineResult:
    return LineResult(
        line=line.line,
        outcome=_OUTCOMES[taken.outcome],
        order_id=line.order_id,
        reason_code=taken.reason_code,
        message=taken.message,
        errors=taken.errors,
    )
