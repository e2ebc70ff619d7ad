"""Look at the files of one chunk, a bounded number at a time, and again at those whose store did not answer."""

from collections.abc import Callable

import azure.durable_functions as df

from activities.file_batch import extract_metadata, keep_facts, read_names
from domain.files.batch import Chunk, ChunkDone, ChunkFacts, ChunkNames, ExtractMetadata, FileFacts, FileProblem
from domain.workflows.steps import StepResult
from orchestrators.kernel.commands import activity, task_for
from orchestrators.kernel.fan_out import in_rounds
from orchestrators.kernel.retry import STEP, Wait
from orchestrators.kernel.run import NO_ANSWER, Story
from orchestrators.kernel.workflow import required

bp = df.Blueprint()


def extract_chunk(story: Story, chunk: Chunk, told: Callable[[int], None] = lambda done: None) -> Wait:
    """Find out about the chunk's files and keep it. told: how many are done. Gives a `ChunkDone`. Raises WorkflowStopped."""
    attempts = yield from story.call([activity(read_names, chunk)], STEP, seed=f"read_names:{chunk.number}")
    names = required(None if attempts.answer is None else ChunkNames.model_validate(attempts.answer)).names
    facts = yield from _facts_of_all(story, chunk, names, told)
    kept = ChunkFacts(batch_id=chunk.batch_id, number=chunk.number, facts=facts)
    attempts = yield from story.call([activity(keep_facts, kept)], STEP, seed=f"keep_facts:{chunk.number}")
    required(NO_ANSWER if attempts.answer is None else StepResult.model_validate(attempts.answer))
    return ChunkDone(files=len(facts), failed=sum(each.problem is not None for each in facts))


def _facts_of_all(story: Story, chunk: Chunk, names: tuple[str, ...], told: Callable[[int], None]) -> Wait:
    """In the order of the names. A file that stays unavailable is a failure like any other."""
    answers = yield from in_rounds(
        story,
        names,
        lambda name: task_for(
            story.context, [activity(extract_metadata, ExtractMetadata(container=chunk.container, name=name))]
        ),
        width=chunk.width,
        no_answer=lambda name: FileFacts(name=name, problem=FileProblem.UNAVAILABLE).to_wire(),
        is_open=lambda answer: answer["problem"] == FileProblem.UNAVAILABLE,
        policy=STEP,
        seed=f"extract:{chunk.number}",
        told=told,
    )
    return tuple(map(FileFacts.model_validate, answers))
