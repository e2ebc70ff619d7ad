"""Extract the metadata of one chunk's files, a bounded number at a time, and again of those whose store did not answer."""

from collections.abc import Callable

import azure.durable_functions as df

from activities.file_batch import extract_metadata, keep_facts, read_names
from domain.files.batch import Chunk, ChunkDone, ChunkFacts, ChunkNames, ExtractMetadata, FileFacts, FileProblem
from domain.workflows.steps import StepResult
from orchestrators.kernel.commands import activity, task_for
from orchestrators.kernel.fan_out import Rounds, in_rounds
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.workflow_run import NO_ANSWER, WorkflowRun, required

bp = df.Blueprint()


def extract_chunk(run: WorkflowRun, chunk: Chunk, after_batch: Callable[[int], None] = lambda done: None) -> Wait:
    """Extract and store the metadata of the chunk's files.

    Returns a `ChunkDone`. Raises RunStopped. after_batch is called with the number of files that are done.
    """
    reading = activity(read_names, chunk)
    attempts = yield from run.call([reading], run.step_policy, seed=f"{reading.operation}:{chunk.number}")
    answer = None if attempts.answer is None else ChunkNames.model_validate(attempts.answer)
    facts = yield from _facts_of_all(run, chunk, required(reading.operation, answer).names, after_batch)
    storing = activity(keep_facts, ChunkFacts(batch_id=chunk.batch_id, number=chunk.number, facts=facts))
    attempts = yield from run.call([storing], run.step_policy, seed=f"{storing.operation}:{chunk.number}")
    required(storing.operation, NO_ANSWER if attempts.answer is None else StepResult.model_validate(attempts.answer))
    return ChunkDone(files=len(facts), failed=sum(each.problem is not None for each in facts))


def _facts_of_all(run: WorkflowRun, chunk: Chunk, names: tuple[str, ...], after_batch: Callable[[int], None]) -> Wait:
    """Return the facts in the order of the names. A file that stays unavailable is a failure like any other."""
    answers = yield from in_rounds(
        run,
        names,
        lambda name: task_for(
            run.context, [activity(extract_metadata, ExtractMetadata(container=chunk.container, name=name))]
        ),
        Rounds(
            is_open=lambda answer: answer["problem"] == FileProblem.UNAVAILABLE,
            policy=run.step_policy,
            seed=f"extract:{chunk.number}",
        ),
        width=chunk.width,
        no_answer=lambda name: FileFacts(name=name, problem=FileProblem.UNAVAILABLE).to_wire(),
        after_batch=after_batch,
    )
    return tuple(map(FileFacts.model_validate, answers))
