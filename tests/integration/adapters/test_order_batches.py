"""What a batch of orders keeps, on the real storage emulator."""

import json

from adapters.azure_storage.storage import Storage
from adapters.stores.order_batches import OrderBatches
from domain.orders.batch import BatchChunk, BatchLine, ChunkResults, CollectResults, LineOutcome, LineResult
from domain.orders.order import OrderRequest
from tests.support.order_requests import order_request

DIGEST = "0" * 64
ALL = CollectResults(batch_id="b-1", digest=DIGEST, chunks=2, begun=1)


def line(number: int) -> BatchLine:
    return BatchLine(line=number, order_id=f"a-{number}", request=OrderRequest.model_validate(order_request()))


def chunk(number: int, digest: str = DIGEST) -> BatchChunk:
    return BatchChunk(batch_id="b-1", digest=digest, number=number, width=2)


def result(number: int, outcome: LineOutcome = LineOutcome.ACCEPTED) -> LineResult:
    return LineResult(line=number, outcome=outcome, order_id=f"a-{number}")


def kept(storage: Storage) -> OrderBatches:
    """Lines 1, 3 and 4 are orders, in two chunks; line 2 is none."""
    batches = OrderBatches(storage)
    batches.keep_lines(
        "b-1", DIGEST, [[line(1), line(3)], [line(4)]], [LineResult(line=2, outcome=LineOutcome.REJECTED)]
    )
    return batches


def test_lines_are_found_again_by_their_chunk(storage: Storage):
    batches = kept(storage)
    assert batches.lines(chunk(0)) == (line(1), line(3))
    assert batches.lines(chunk(1)) == (line(4),)


def test_another_file_under_the_same_id_leaves_the_first_ones_lines_alone(storage: Storage):
    batches = kept(storage)
    batches.keep_lines("b-1", "1" * 64, [[line(9)]], [])
    assert batches.lines(chunk(0)) == (line(1), line(3))
    assert batches.lines(chunk(0, "1" * 64)) == (line(9),)


def test_results_stand_in_the_order_of_the_file(storage: Storage):
    batches = kept(storage)
    batches.keep_results(ChunkResults(chunk=chunk(1), results=(result(4, LineOutcome.FAILED),)))
    batches.keep_results(ChunkResults(chunk=chunk(0), results=(result(1), result(3))))
    counts = batches.collect(ALL)
    assert (counts.accepted, counts.rejected, counts.failed, counts.not_started) == (2, 1, 1, 0)
    text = batches.all_results("b-1")
    assert text is not None
    assert [json.loads(each)["line"] for each in text.splitlines()] == [1, 2, 3, 4]


def test_a_chunk_without_results_was_not_started(storage: Storage):
    batches = kept(storage)
    batches.keep_results(ChunkResults(chunk=chunk(0), results=(result(1), result(3))))
    assert batches.collect(ALL).not_started == 1


def test_a_chunk_that_was_begun_and_has_no_results_may_have_taken_in_its_orders(storage: Storage):
    counts = kept(storage).collect(ALL)
    assert (counts.failed, counts.not_started) == (2, 1)


def test_collecting_again_changes_nothing(storage: Storage):
    batches = kept(storage)
    assert batches.all_results("b-1") is None
    assert batches.collect(ALL) == batches.collect(ALL)
