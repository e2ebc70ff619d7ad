"""The steps of a batch of orders around the orders themselves: read its lines, keep results, put them together."""

from typing import Any

import azure.durable_functions as df

from domain.orders.batch import BatchChunk, ChunkLines, ChunkResults, CollectResults
from domain.workflows.steps import StepResult
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def read_batch_lines(request: dict) -> dict[str, Any]:
    """Answer with the `ChunkLines` of a `BatchChunk`."""
    return ChunkLines(lines=services().order_batches.lines(BatchChunk.model_validate(request))).to_wire()


@bp.activity_trigger(input_name="request")
def keep_batch_results(request: dict) -> dict[str, Any]:
    """Keep the results of one chunk."""
    services().order_batches.keep_results(ChunkResults.model_validate(request))
    return StepResult().to_wire()


@bp.activity_trigger(input_name="request")
def collect_batch_results(request: dict) -> dict[str, Any]:
    """Write one result per line. The answer is `LineCounts`."""
    return services().order_batches.collect(CollectResults.model_validate(request)).to_wire()
