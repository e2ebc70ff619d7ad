"""Files: batches of them, their manifests, and the documents of reports."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from domain.archive import ArchivedLine
from domain.files.batch import (
    BatchSummary,
    ChunkFacts,
    ExtractMetadata,
    FileFacts,
    FilesListed,
    ListFiles,
    SummariseBatch,
)
from domain.files.blob_link import BlobLink
from domain.reports.report import FetchReportData, GenerateReport, ReportDataFetched, ReportFormat


class FileBatches(Protocol):
    """The files of batches, and what is kept of them between the steps."""

    def list_files(self, wanted: ListFiles) -> FilesListed:
        """Store the names of the files in lists. Refused: container_not_found, too_many_files."""

    def names(self, batch_id: str, number: int) -> tuple[str, ...]:
        """Return one list of names."""

    def extract(self, wanted: ExtractMetadata) -> FileFacts:
        """Return the facts of one file, or what is wrong with it. Never raises StorageUnavailable."""

    def keep_facts(self, found: ChunkFacts) -> None:
        """Store the facts of one list."""

    def summarise(self, wanted: SummariseBatch) -> BatchSummary:
        """Store the summary of a batch, and return what it adds up to."""

    def summary_link(self, batch_id: str) -> BlobLink:
        """Return where the summary can be read for a while."""


class Manifests(Protocol):
    """The manifests of file batches that were uploaded."""

    def read(self, name: str, most_bytes: int) -> bytes | None:
        """Return the manifest, or its first bytes when it has more; None when it is gone."""


class Reports(Protocol):
    """The rows and the documents of reports."""

    def fetch(self, wanted: FetchReportData) -> ReportDataFetched:
        """Store the next rows of the order repository as one part, and return where they end."""

    def generate(self, wanted: GenerateReport) -> str:
        """Store the document, and return the name of its blob."""

    def link(self, report_id: str, form: ReportFormat) -> BlobLink:
        """Return where the document can be read for a while."""


class RunFiles(Protocol):
    """The blobs that runs leave."""

    def delete(self, workflow: str, key: str) -> None:
        """Delete the blobs of a run."""


class Archive(Protocol):
    """What is purged from the other stores: everything of one order or run under one name."""

    def write(self, name: str, lines: Sequence[ArchivedLine]) -> None:
        """Store everything that is archived under a name, in place of what was."""

    def read(self, name: str) -> Sequence[ArchivedLine]:
        """Return what is archived under a name; nothing when there is none."""

    def names(self, prefix: str) -> Iterator[str]:
        """Yield the names that begin so."""


class StorageSetup(Protocol):
    """The queues and containers that must exist before the first message."""

    def create_missing(self) -> None:
        """Create what is missing."""


class QueueDepths(Protocol):
    """How many messages wait in the shop's queues."""

    def names(self) -> Sequence[str]:
        """Return the names of the queues, each before the one of its poison messages."""

    def depth(self, name: str) -> int:
        """Return about how many messages a queue has, none where there is no such queue. Raises StorageUnavailable."""

    def is_any_due(self, name: str) -> bool:
        """Return whether a message can be taken now: those that are put back for later count in the depth, too."""


class Backup(Protocol):
    """Copies of the shop's tables and blobs in another account. day: digits, such as 20260301."""

    def copy(self, day: str, has_time: Callable[[], bool]) -> bool:
        """Copy tables and blobs, from where an earlier call has stopped. Return whether everything is copied."""

    def is_whole(self, day: str) -> bool:
        """Return whether there is a whole copy of a day."""

    def finish(self, day: str, stock: Mapping[str, int], now: datetime) -> Mapping[str, int]:
        """Make a copy whole. Return how many rows or blobs there are of each table and container."""

    def newest(self) -> tuple[str, datetime] | None:
        """Return the newest whole copy, and when it was finished; None without one."""

    def drop_before(self, day: str) -> None:
        """Delete the copies of all earlier days."""
