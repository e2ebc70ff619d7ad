"""Batches of orders in one file: the lines, their results, and the payloads of a batch's run."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from domain.field_error import FieldError
from domain.ids import OrderId, WorkflowKey, digest_id
from domain.orders.order import OrderRequest
from domain.wire import Wire
from domain.workflows.steps import STEP_PATIENCE_S, Message, StepResult

ORDER_BATCH: Final = "order_batch"
MAX_BATCH_LINES: Final = 5_000
MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
CHUNK_LINES: Final = 100
"""Lines per history: some 700 events, which are replayed quickly."""
ACCEPT_CONCURRENCY: Final = 20
"""Orders accepted at a time: as many as the activities that one worker runs at a time (host.json)."""


class LineOutcome(StrEnum):
    """How a line ended."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # the line breaks a rule; nothing was ordered
    FAILED = "failed"  # retries were used up: send it again under its order_id
    NOT_STARTED = "not_started"  # the batch was cancelled before this line


class BatchLine(Wire):
    """A line that is an order. Lines count from 1."""

    line: int
    order_id: OrderId
    request: OrderRequest


class LineResult(Wire):
    """The result of a line; its order id is None for a line that is no order."""

    line: int
    outcome: LineOutcome
    order_id: OrderId | None = None
    reason_code: str | None = None
    message: Message | None = None
    errors: tuple[FieldError, ...] = ()


class OrderBatch(Wire):
    """The input of a batch's run, with the digest of the file."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    lines: int
    rejected: int
    chunks: int
    width: int = ACCEPT_CONCURRENCY


class BatchChunk(Wire):
    """A chunk of a batch's orders. Chunks count from 0. step_patience_s: how long each of its steps is tried."""

    batch_id: WorkflowKey
    digest: str
    number: int
    width: int
    step_patience_s: int = STEP_PATIENCE_S


class ChunkLines(StepResult):
    """The lines of a chunk."""

    lines: tuple[BatchLine, ...] = ()


class ChunkResults(Wire):
    """The results of a chunk's lines."""

    chunk: BatchChunk
    results: tuple[LineResult, ...]


class CollectResults(Wire):
    """Combine a batch's results. Of its chunks the first `begun` ones were begun."""

    batch_id: WorkflowKey
    digest: str
    chunks: int
    begun: int


class LineCounts(StepResult):
    """The number of lines per outcome."""

    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    not_started: int = 0


def batch_order_id(batch_id: str, line: int) -> OrderId:
    """Return the order id of a line that names none: the same whenever the batch is sent."""
    return f"batch-{digest_id(f'{batch_id}#{line}')}"


def batch_id_of(digest: str) -> WorkflowKey:
    """Return the id of a batch without a name: one file is one batch, however often it is sent."""
    return f"file-{digest_id(digest)}"


def counts_of(results: tuple[LineResult, ...]) -> LineCounts:
    """Return the number of lines per outcome."""
    outcomes = [result.outcome for result in results]
    return LineCounts.model_validate({str(outcome): outcomes.count(outcome) for outcome in LineOutcome})
