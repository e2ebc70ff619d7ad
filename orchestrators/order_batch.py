"""The story of a batch of orders: chunk by chunk, a bounded number of orders at a time, and in the end one result per line.

An order's own story goes on by itself once it is accepted: the batch does not wait for it.
"""

from typing import Any, Final

import azure.durable_functions as df

from activities.order_batch import collect_batch_results, keep_batch_results, read_batch_lines
from activities.order_intake import accept_order_of_many
from domain.orders.approval import CANCELLATION_REQUESTED
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
from domain.orders.intake import AcceptOrder, OrderTakenIn
from domain.workflows.run import restart_of
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity, task_for
from orchestrators.kernel.fan_out import in_rounds
from orchestrators.kernel.retry import PERSISTENT, STEP, Wait
from orchestrators.kernel.run import NO_ANSWER
from orchestrators.kernel.workflow import Workflow, WorkflowStopped, required

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
    """Input: `{key, request: OrderBatch}`. Result and custom status: a `WorkflowProgress`; its detail counts lines."""
    given = context.get_input()
    batch = OrderBatch.model_validate(given["request"])
    cancelled = context.wait_for_external_event(CANCELLATION_REQUESTED)
    run = Workflow(
        context=context,
        name=f"{ORDER_BATCH}:{given['key']}",
        key=given["key"],
        listen_to=cancelled,
        restart=restart_of(given),
    )
    run.tell("The lines are read.", lines=batch.lines, rejected=batch.rejected, accepted=0, failed=0, chunks_begun=0)
    stop = yield from take_in_chunks(run, batch)
    try:
        counts = yield from put_together(run, batch)
    except WorkflowStopped as lost:
        return run.stopped(lost)
    return _ended(run, counts) if stop is None else run.stopped(stop)


@bp.orchestration_trigger(context_name="context")
def order_batch_chunk(context: df.DurableOrchestrationContext) -> Wait:
    """Input: a `BatchChunk`. Result: `LineCounts`, which say so when the chunk could not be read or its results not be kept."""
    chunk = BatchChunk.model_validate(context.get_input())
    run = Workflow(context=context, name=f"{ORDER_BATCH}:{chunk.batch_id}:{chunk.number}", key=chunk.batch_id)
    try:
        effect = activity(read_batch_lines, chunk)
        lines = required((yield from run.ask("read_batch_lines", effect, ChunkLines, PERSISTENT))).lines
        results = yield from take_in_lines(run, lines, chunk.width)
        kept = ChunkResults(chunk=chunk, results=results)
        yield from run.do("keep_batch_results", [activity(keep_batch_results, kept)], PERSISTENT)
    except WorkflowStopped as stop:
        return LineCounts(outcome=Outcome.FAULTED, reason_code=stop.reason_code, message=stop.message).to_wire()
    return counts_of(results).to_wire()


def take_in_chunks(run: Workflow, batch: OrderBatch) -> Wait:
    """One chunk after the other, each in a history of its own; none is begun once somebody has asked to stop.

    Gives the WorkflowStopped of a chunk that ended before its time, or None.
    """
    for number in range(batch.chunks):
        if run.is_cancelled:
            break
        run.detail["chunks_begun"] = number + 1
        chunk = BatchChunk(batch_id=run.key, digest=batch.digest, number=number, width=batch.width)
        try:
            counts = yield from take_in_chunk(run, chunk)
        except WorkflowStopped as stop:
            return stop
        detail = run.detail
        run.tell(
            "Taking in the orders.",
            accepted=detail["accepted"] + counts.accepted,
            rejected=detail["rejected"] + counts.rejected,
            failed=detail["failed"] + counts.failed,
        )
    return None


def take_in_chunk(run: Workflow, chunk: BatchChunk) -> Wait:
    """Let a sub-orchestration take in one chunk. Gives its `LineCounts`. Raises WorkflowStopped."""
    attempts = yield from run.part(CHUNK, chunk, seed=f"{CHUNK}:{chunk.number}")
    if attempts.answer is None:
        raise WorkflowStopped("failed", "chunk_stopped", "A part of the batch stopped before its end.")
    return required(LineCounts.model_validate(attempts.answer))


def take_in_lines(run: Workflow, lines: tuple[BatchLine, ...], width: int) -> Wait:
    """The chunk's orders, `width` at a time; those that storage did not answer for again later. Gives their `LineResult`s."""
    answers = yield from in_rounds(
        run,
        lines,
        lambda line: task_for(
            run.context,
            [activity(accept_order_of_many, AcceptOrder(order_id=line.order_id, request=line.request))],
        ),
        width=width,
        no_answer=lambda line: NO_ANSWER.to_wire(),
        is_open=lambda answer: answer["outcome"] == Outcome.UNKNOWN,
        policy=STEP,
        seed="take_in_lines",
    )
    return tuple(
        _result(line, OrderTakenIn.model_validate(answer)) for line, answer in zip(lines, answers, strict=True)
    )


def put_together(run: Workflow, batch: OrderBatch) -> Wait:
    """Write the results of all lines. Gives their `LineCounts`."""
    wanted = CollectResults(
        batch_id=run.key, digest=batch.digest, chunks=batch.chunks, begun=run.detail["chunks_begun"]
    )
    effect = activity(collect_batch_results, wanted)
    counts = required((yield from run.ask("collect_batch_results", effect, LineCounts, PERSISTENT)))
    run.detail |= {str(outcome): getattr(counts, outcome) for outcome in LineOutcome}
    return counts


def _ended(run: Workflow, counts: LineCounts) -> dict[str, Any]:
    if counts.not_started:
        run.note("cancellation", StepResult(message=f"{counts.not_started} lines were not started."))
        return run.end("cancelled", "Stopped; what was accepted before stays.", "cancelled")
    return run.end("completed", f"{counts.accepted} of {run.detail['lines']} lines are accepted orders.")


def _result(line: BatchLine, taken: OrderTakenIn) -> LineResult:
    return LineResult(
        line=line.line,
        outcome=_OUTCOMES[taken.outcome],
        order_id=line.order_id,
        reason_code=taken.reason_code,
        message=taken.message,
        errors=taken.errors,
    )
