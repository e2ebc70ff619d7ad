"""The story of a batch of files: list them, look at each, put it together. Chunks one by one, so that `width` bounds the whole."""

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
from domain.orders.approval import CANCELLATION_REQUESTED
from domain.workflows.run import restart_of
from domain.workflows.steps import StepResult
from orchestrators.file_extraction import extract_chunk
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.workflow import Workflow, WorkflowStopped, required

bp = df.Blueprint()

_CHUNK: Final = "file_batch_chunk"


@bp.orchestration_trigger(context_name="context")
def file_batch(context: df.DurableOrchestrationContext) -> Wait:
    """Input: `{key, request: FileBatchRequest}`. Result and custom status: a `WorkflowProgress`; its detail counts files."""
    given = context.get_input()
    request = FileBatchRequest.model_validate(given["request"])
    cancelled = context.wait_for_external_event(CANCELLATION_REQUESTED)
    run = Workflow(
        context=context,
        name=f"{FILE_BATCH}:{given['key']}",
        key=given["key"],
        listen_to=cancelled,
        restart=restart_of(given),
    )
    try:
        listed = yield from find_files(run, request)
        yield from look_at_all(run, request.container, listed)
        return (yield from put_together(run, request.container, listed.chunks))
    except WorkflowStopped as stop:
        return run.stopped(stop)


@bp.orchestration_trigger(context_name="context")
def file_batch_chunk(context: df.DurableOrchestrationContext) -> Wait:
    """Input: a `Chunk`. Result: a `ChunkDone`, which says so when the chunk could not be looked at."""
    chunk = Chunk.model_validate(context.get_input())
    run = Workflow(context=context, name=f"{FILE_BATCH}:{chunk.batch_id}", key=chunk.batch_id)
    try:
        done = yield from extract_chunk(run, chunk)
    except WorkflowStopped as stop:
        return ChunkDone.model_validate(StepResult.faulted(stop.reason_code, stop.message).to_wire()).to_wire()
    return done.to_wire()


def find_files(run: Workflow, request: FileBatchRequest) -> Wait:
    """Keep lists of what there is to look at. Gives a `FilesListed`."""
    effect = activity(list_files, ListFiles(batch_id=run.key, request=request))
    listed = required((yield from run.ask("list_files", effect, FilesListed)))
    run.tell("The files are listed.", files=listed.files, done=0, failed=0)
    return listed


def look_at_all(run: Workflow, container: str, listed: FilesListed) -> Wait:
    """Look at every file. Few are looked at in this history, many in one history per chunk. Raises WorkflowStopped."""
    seen = failed = 0
    for number in range(listed.chunks):
        _stop_if_cancelled(run)
        chunk = Chunk(batch_id=run.key, container=container, number=number, width=listed.width)
        if listed.chunks == 1:
            done = yield from extract_chunk(run, chunk, lambda files: _told(run, files))
        else:
            attempts = yield from run.part(_CHUNK, chunk, seed=f"{_CHUNK}:{number}")
            done = required(None if attempts.answer is None else ChunkDone.model_validate(attempts.answer))
        seen, failed = seen + done.files, failed + done.failed
        run.tell("Looking at the files.", done=seen, failed=failed)
    _stop_if_cancelled(run)
    run.note("extract_metadata", StepResult(message=f"{_counted(listed.files)}, {failed} of them with a problem"))


def put_together(run: Workflow, container: str, chunks: int) -> Wait:
    """Write the summary. Gives the instance's result."""
    effect = activity(persist_metadata_summary, SummariseBatch(batch_id=run.key, container=container, chunks=chunks))
    summary = required((yield from run.ask("persist_metadata_summary", effect, BatchSummary)))
    run.detail |= {"size_bytes": summary.size_bytes, "summary": summary.reference}
    return _ended(run, summary)


def _told(run: Workflow, done: int) -> None:
    run.tell("Looking at the files.", done=done)
    _stop_if_cancelled(run)


def _stop_if_cancelled(run: Workflow) -> None:
    if run.is_cancelled:
        raise WorkflowStopped("cancelled", "cancelled", "Somebody asked for it to stop.")


def _ended(run: Workflow, summary: BatchSummary) -> dict[str, Any]:
    if summary.failed:
        told = f"{_counted(summary.files)}, {summary.failed} of them with a problem, which the summary names."
        return run.end("completed", told, "some_files_failed")
    return run.end("completed", f"{_counted(summary.files)}.")


def _counted(files: int) -> str:
    return "1 file" if files == 1 else f"{files} files"
