"""Extract the metadata of many files: list them, look at each, summarise. Chunk by chunk, so that `width` bounds the whole."""

from typing import Any, Final

import azure.durable_functions as df

from activities.file_batch import list_files, persist_metadata_summary
from domain.files.batch import (
    FILE_BATCH,
    BatchSummary,
    Chunk,
    ChunkDone,
    FileBatchRequest,
    FilesListed,
    ListFiles,
    SummariseBatch,
)
from domain.files.steps import EXTRACT_METADATA
from domain.workflows.course import RunStopped
from domain.workflows.steps import StepResult
from orchestrators.file_extraction import extract_chunk
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import WorkflowRun, required

bp = df.Blueprint()

_CHUNK: Final = "file_batch_chunk"


@bp.orchestration_trigger(context_name="context")
def file_batch(context: df.DurableOrchestrationContext) -> Wait:
    """Extract the metadata of many files, and summarise it.

    Input: `{key, request: FileBatchRequest}`. Result and custom status: a `WorkflowProgress`; its detail counts files.
    """
    given = context.get_input()
    request = FileBatchRequest.model_validate(given["request"])
    run = WorkflowRun.begin(context, FILE_BATCH, given)
    run.listen_for_cancellation()
    return (yield from saga(run, take_steps(run, request)))


@bp.orchestration_trigger(context_name="context")
def file_batch_chunk(context: df.DurableOrchestrationContext) -> Wait:
    """Extract the metadata of one chunk's files.

    Input: a `Chunk`. Result: a `ChunkDone`, which says so when the chunk could not be read.
    """
    chunk = Chunk.model_validate(context.get_input())
    run = WorkflowRun(context=context, workflow=_CHUNK, key=chunk.batch_id, patience_s=chunk.step_patience_s)
    try:
        done = yield from extract_chunk(run, chunk)
    except RunStopped as stop:
        return ChunkDone.model_validate(StepResult.faulted(stop.reason_code, stop.message).to_wire()).to_wire()
    return done.to_wire()


def take_steps(run: WorkflowRun, request: FileBatchRequest) -> Wait:
    """Take every step. Returns the instance's result."""
    listed = yield from find_files(run, request)
    yield from look_at_all(run, request.container, listed)
    return (yield from summarise(run, request.container, listed.chunks))


def find_files(run: WorkflowRun, request: FileBatchRequest) -> Wait:
    """Store lists of the files. Returns a `FilesListed`."""
    command = activity(list_files, ListFiles(batch_id=run.key, request=request))
    listed = required(command.operation, (yield from run.ask(command, FilesListed)))
    run.show("The files are listed.", files=listed.files, done=0, failed=0)
    return listed


def look_at_all(run: WorkflowRun, container: str, listed: FilesListed) -> Wait:
    """Look at every file: few of them in this history, many in one history per chunk. Raises RunStopped."""
    seen = failed = 0
    for number in range(listed.chunks):
        run.stop_if_cancelled()
        chunk = Chunk(
            batch_id=run.key,
            container=container,
            number=number,
            width=listed.width,
            step_patience_s=run.patience_s,
        )
        if listed.chunks == 1:
            done = yield from extract_chunk(run, chunk, lambda files: _show_done(run, files))
        else:
            attempts = yield from run.part(_CHUNK, chunk, seed=f"{_CHUNK}:{number}")
            answer = None if attempts.answer is None else ChunkDone.model_validate(attempts.answer)
            done = required(_CHUNK, answer)
        seen, failed = seen + done.files, failed + done.failed
        run.show("Looking at the files.", done=seen, failed=failed)
    run.stop_if_cancelled()
    run.record(EXTRACT_METADATA, StepResult(message=f"{_counted(listed.files)}, {failed} of them with a problem"))


def summarise(run: WorkflowRun, container: str, chunks: int) -> Wait:
    """Write the summary. Returns the instance's result."""
    command = activity(persist_metadata_summary, SummariseBatch(batch_id=run.key, container=container, chunks=chunks))
    summary = required(command.operation, (yield from run.ask(command, BatchSummary)))
    run.detail |= {"size_bytes": summary.size_bytes, "summary": summary.reference}
    return _ended(run, summary)


def _show_done(run: WorkflowRun, done: int) -> None:
    run.show("Looking at the files.", done=done)
    run.stop_if_cancelled()


def _ended(run: WorkflowRun, summary: BatchSummary) -> dict[str, Any]:
    if summary.failed:
        message = f"{_counted(summary.files)}, {summary.failed} of them with a problem, which the summary names."
        return run.end("completed", message, "some_files_failed")
    return run.end("completed", f"{_counted(summary.files)}.")


def _counted(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
