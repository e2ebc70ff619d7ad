"""The steps of looking at many files. Each may run twice: it reads, or writes a blob of its own anew."""

from typing import Any

import azure.durable_functions as df

from domain.files.batch import Chunk, ChunkFacts, ChunkNames, ExtractMetadata, ListFiles, SummariseBatch
from domain.workflows.steps import StepResult
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def list_files(request: dict) -> dict[str, Any]:
    """Answer with a `FilesListed`. Refused as container_not_found or too_many_files."""
    return services().file_batches.list_files(ListFiles.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
def read_names(request: dict) -> dict[str, Any]:
    """Answer with the `ChunkNames` of a `Chunk`."""
    chunk = Chunk.model_validate(request)
    return ChunkNames(names=services().file_batches.names(chunk.batch_id, chunk.number)).to_wire()


@bp.activity_trigger(input_name="request")
def extract_metadata(request: dict) -> dict[str, Any]:
    """Answer with the `FileFacts` of one file, whatever is wrong with it: one file must not end a batch."""
    return services().file_batches.extract(ExtractMetadata.model_validate(request)).to_wire()


@bp.activity_trigger(input_name="request")
def keep_facts(request: dict) -> dict[str, Any]:
    """Keep what was found out about one chunk's files."""
    services().file_batches.keep_facts(ChunkFacts.model_validate(request))
    return StepResult().to_wire()


@bp.activity_trigger(input_name="request")
def persist_metadata_summary(request: dict) -> dict[str, Any]:
    """Answer with a `BatchSummary`."""
    return services().file_batches.summarise(SummariseBatch.model_validate(request)).to_wire()
