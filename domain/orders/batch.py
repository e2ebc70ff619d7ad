"""Many orders in one file: what each line may be, what becomes of it, and what a batch's run passes from step to step."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from domain.field_error import FieldError
from domain.ids import OrderId, digest_id
from domain.orders.order import OrderRequest
from domain.wire import Wire
from domain.workflows.run import WorkflowKey
from domain.workflows.steps import Message, StepResult

ORDER_BATCH: Final = "order_batch"
MAX_BATCH_LINES: Final = 5_000
MAX_BATCH_BYTES: Final = 8 * 1024 * 1024
CHUNK_LINES: Final = 100
"""Lines per history: some 700 events, which is replayed quickly."""
ACCEPT_CONCURRENCY: Final = 20
"""Orders taken in at a time: as many activities as one worker runs at a time (host.json)."""


class LineOutcome(StrEnum):
    """What became of a line."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"  # the line breaks a rule; nothing was ordered
    FAILED = "failed"  # no answer, whatever was tried: send it again under its order_id
    NOT_STARTED = "not_started"  # the batch was cancelled before it came to this line


class BatchLine(Wire):
    """A line that is an order. line: of the file, from 1."""

    line: int
    order_id: OrderId
    request: OrderRequest


class LineResult(Wire):
    """What became of a line. order_id: None for a line that is no order."""

    line: int
    outcome: LineOutcome
    order_id: OrderId | None = None
    reason_code: str | None = None
    message: Message | None = None
    errors: tuple[FieldError, ...] = ()


class OrderBatch(Wire):
    """What a batch's run is started with. digest: of the file. The counts of chunk_lines and width hold for the whole run."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    lines: int
    rejected: int
    chunks: int
    width: int = ACCEPT_CONCURRENCY


class BatchChunk(Wire):
    """Some of a batch's orders. number: from 0."""

    batch_id: WorkflowKey
    digest: str
    number: int
    width: int


class ChunkLines(StepResult):
    lines: tuple[BatchLine, ...] = ()


class ChunkResults(Wire):
    """What became of a chunk's orders."""

    chunk: BatchChunk
    results: tuple[LineResult, ...]


class CollectResults(Wire):
    """Put a batch's results together. chunks: how many the batch has; begun: how many of them, the first ones, were begun."""

    batch_id: WorkflowKey
    digest: str
    chunks: int
    begun: int


class LineCounts(StepResult):
    """How many lines ended how."""

    accepted: int = 0
    rejected: int = 0
    failed: int = 0
    not_started: int = 0


def batch_order_id(batch_id: str, line: int) -> OrderId:
    """The id of a line's order that names none: the same whenever the batch is sent."""
    return f"batch-{digest_id(f'{batch_id}#{line}')}"


def batch_id_of(digest: str) -> WorkflowKey:
    """The id of a batch that nobody named: one file is one batch, however often it is sent."""
    return f"file-{digest_id(digest)}"


def counts_of(results: tuple[LineResult, ...]) -> LineCounts:
    """How many of the lines ended how."""
    outcomes = [result.outcome for result in results]
    return LineCounts.model_validate({str(outcome): outcomes.count(outcome) for outcome in LineOutcome})
