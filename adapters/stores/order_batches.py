"""Keep what batches of orders need between their steps: lines, results per chunk, and in the end one result per line.

Lines are kept under the file's digest too, so that another file which is sent under a used id never touches the first one's.
Every blob is written whole under a name of its own: writing it again changes nothing.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from adapters.azure_storage.storage import Storage, create_container, created_on_first_use, storage_errors
from domain.orders.batch import (
    BatchChunk,
    BatchLine,
    ChunkResults,
    CollectResults,
    LineCounts,
    LineOutcome,
    LineResult,
    counts_of,
)
from domain.wire import Wire

_BATCHES: Final = "order-batches"


class OrderBatches:
    """Every method raises StorageUnavailable when blobs do not answer."""

    def __init__(self, storage: Storage) -> None:
        self._container = storage.container(_BATCHES)

    def keep_lines(
        self, batch_id: str, digest: str, chunks: Sequence[Sequence[BatchLine]], rejected: Sequence[LineResult]
    ) -> None:
        """Store what a file holds, before its batch is started."""
        with storage_errors("the order batches"):
            for number, lines in enumerate(chunks):
                self._write(_lines(batch_id, digest, number), _document(lines))
            self._write(_rejected(batch_id, digest), _document(rejected))

    def lines(self, chunk: BatchChunk) -> tuple[BatchLine, ...]:
        """Return the orders of one chunk."""
        with storage_errors("the order batches"):
            held = json.loads(self._read(_lines(chunk.batch_id, chunk.digest, chunk.number)))
        return tuple(BatchLine.model_validate(line) for line in held)

    def keep_results(self, done: ChunkResults) -> None:
        """Store what became of one chunk's orders."""
        chunk = done.chunk
        with storage_errors("the order batches"):
            self._write(_results(chunk.batch_id, chunk.digest, chunk.number), _document(done.results))

    def collect(self, wanted: CollectResults) -> LineCounts:
        """Store one result per line, in the order of the file. A line may have none."""
        with storage_errors("the order batches"):
            results = _results_of(self._read(_rejected(wanted.batch_id, wanted.digest)))
            for number in range(wanted.chunks):
                results += self._results(wanted, number)
            results.sort(key=lambda result: result.line)
            text = "".join(f"{result.model_dump_json(exclude_defaults=True)}\n" for result in results)
            self._write(_all_results(wanted.batch_id), text.encode())
        return counts_of(tuple(results))

    def all_results(self, batch_id: str) -> bytes | None:
        """Return JSON Lines, one result per line of the file; None before they are collected."""
        with storage_errors("the order batches"):
            return self._find(_all_results(batch_id))

    def _results(self, wanted: CollectResults, number: int) -> list[LineResult]:
        found = self._find(_results(wanted.batch_id, wanted.digest, number))
        if found is not None:
            return _results_of(found)
        chunk = BatchChunk(batch_id=wanted.batch_id, digest=wanted.digest, number=number, width=1)
        # A chunk that was begun may have taken in any of its orders: what is not known is not called "not started".
        outcome = LineOutcome.FAILED if number < wanted.begun else LineOutcome.NOT_STARTED
        return [LineResult(line=line.line, outcome=outcome, order_id=line.order_id) for line in self.lines(chunk)]

    def _write(self, name: str, content: bytes) -> None:
        created_on_first_use(
            lambda: self._container.upload_blob(name, content, overwrite=True),
            lambda: create_container(self._container),
        )

    def _read(self, name: str) -> bytes:
        return self._container.download_blob(name).readall()

    def _find(self, name: str) -> bytes | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            return self._read(name)
        except ResourceNotFoundError:  # the blob, or the container with it
            return None


def _lines(batch_id: str, digest: str, number: int) -> str:
    return f"{batch_id}/{digest}/lines-{number}.json"


def _rejected(batch_id: str, digest: str) -> str:
    return f"{batch_id}/{digest}/rejected.json"


def _results(batch_id: str, digest: str, number: int) -> str:
    return f"{batch_id}/{digest}/results-{number}.json"


def _all_results(batch_id: str) -> str:
    return f"{batch_id}/results.jsonl"


def _document(items: Iterable[Wire]) -> bytes:
    return json.dumps([item.to_wire() for item in items]).encode()


def _results_of(document: bytes) -> list[LineResult]:
    return [LineResult.model_validate(result) for result in json.loads(document)]
