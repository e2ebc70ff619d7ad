"""Read the files of batches, and keep lists of names, facts per list, and the summary.

All of a batch is under its id in one container. Every blob is written whole under a name of its own, so that writing it again
changes nothing; history and status hold counts and names of blobs only.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from adapters.azure_storage.blob_paths import NameLeavesContainer, blob_within
from adapters.azure_storage.storage import Storage, create_container, created_on_first_use, storage_errors
from adapters.stores.file_facts import facts_of
from domain.cards import looks_like_card_number
from domain.errors import StorageUnavailable
from domain.files.batch import (
    CHUNK_FILES,
    HIDDEN_NAME,
    MAX_BATCH_FILES,
    BatchSummary,
    ChunkFacts,
    ExtractMetadata,
    FileBatchRequest,
    FileFacts,
    FileProblem,
    FilesListed,
    ListFiles,
    SummariseBatch,
    Totals,
)
from domain.files.blob_link import BlobLink

if TYPE_CHECKING:
    from azure.core.exceptions import HttpResponseError

_BATCHES: Final = "file-batches"
MAX_FILE_BYTES: Final = 512 * 1024 * 1024
"""A larger file could not be read within the five minutes that a function has."""


class FileBatches:
    """The store of file batches. Methods raise StorageUnavailable when blobs do not answer."""

    def __init__(self, storage: Storage, width: int) -> None:
        self._storage = storage
        self._container = storage.container(_BATCHES)
        self._width = width

    def list_files(self, wanted: ListFiles) -> FilesListed:
        """Store the names in lists of CHUNK_FILES. Refused: container_not_found, too_many_files."""
        from azure.core.exceptions import ResourceNotFoundError

        request = wanted.request
        files = 0
        with storage_errors("the files"):
            try:
                for number, names in enumerate(_in_lists(self._names(request))):
                    files += len(names)
                    if files > MAX_BATCH_FILES:
                        return _refused("too_many_files", f"A batch may hold {MAX_BATCH_FILES} files.")
                    self._write(_names_of(wanted.batch_id, number), names)
            except ResourceNotFoundError:
                return _refused("container_not_found", "There is no such container.")
        return FilesListed(files=files, chunks=-(-files // CHUNK_FILES), width=self._width)

    def names(self, batch_id: str, number: int) -> tuple[str, ...]:
        """Return one list of names."""
        with storage_errors("the batches"):
            return tuple(json.loads(self._read(_names_of(batch_id, number))))

    def extract(self, wanted: ExtractMetadata) -> FileFacts:
        """Return the facts of one file. What is wrong with it is part of the answer, and so is a store that does not answer."""
        from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

        if wanted.name == HIDDEN_NAME:
            return _problem(wanted.name, FileProblem.CARD_NUMBER)
        try:
            blob = blob_within(self._storage.container(wanted.container), wanted.name)
        except NameLeavesContainer:
            return _problem(wanted.name, FileProblem.UNREADABLE)
        try:
            with storage_errors("the files"):
                try:
                    download = blob.download_blob()
                    if download.size > MAX_FILE_BYTES:
                        return _problem(wanted.name, FileProblem.TOO_LARGE)
                    return facts_of(wanted.name, download.chunks())
                except ResourceNotFoundError:
                    return _problem(wanted.name, FileProblem.NOT_FOUND)
                except HttpResponseError as error:
                    return _problem(wanted.name, _problem_of(error))
        except StorageUnavailable:
            return _problem(wanted.name, FileProblem.UNAVAILABLE)

    def keep_facts(self, found: ChunkFacts) -> None:
        """Store the facts of one list."""
        with storage_errors("the batches"):
            self._write(_facts_of(found.batch_id, found.number), [each.to_wire() for each in found.facts])

    def summarise(self, wanted: SummariseBatch) -> BatchSummary:
        """Store the summary, list by list: what is known of each file, then what they add up to."""
        name = _summary_of(wanted.batch_id)
        with storage_errors("the batches"):
            totals = created_on_first_use(
                lambda: self._write_summary(name, wanted), lambda: create_container(self._container)
            )
        return BatchSummary(
            reference=f"{_BATCHES}/{name}",
            files=totals.files.total(),
            failed=len(totals.failures),
            size_bytes=totals.bytes.total(),
        )

    def summary_link(self, batch_id: str) -> BlobLink:
        """Return where the summary can be read for a while."""
        with storage_errors("the batches"):
            return self._storage.links.to(_BATCHES, _summary_of(batch_id))

    def _names(self, request: FileBatchRequest) -> Iterable[str]:
        if request.blobs is not None:
            return dict.fromkeys(request.blobs)
        listed = self._storage.container(request.container).list_blob_names(name_starts_with=request.prefix or None)
        return (HIDDEN_NAME if looks_like_card_number(name) else name for name in listed)

    def _write_summary(self, name: str, wanted: SummariseBatch) -> Totals:
        totals = Totals()
        self._container.upload_blob(name, self._summary(wanted, totals), overwrite=True)
        return totals

    def _summary(self, wanted: SummariseBatch, totals: Totals) -> Iterator[bytes]:
        yield f'{{"id": {json.dumps(wanted.batch_id)}, "container": {json.dumps(wanted.container)}, "files": ['.encode()
        separator = ""
        for number in range(wanted.chunks):
            held = json.loads(self._read(_facts_of(wanted.batch_id, number)))
            totals.add(FileFacts.model_validate(each) for each in held)
            yield (separator + ",\n".join(json.dumps(_known(each)) for each in held)).encode()
            separator = ",\n"
        yield f'], "totals": {json.dumps(totals.to_wire())}}}\n'.encode()

    def _read(self, name: str) -> bytes:
        return self._container.download_blob(name).readall()

    def _write(self, name: str, value: object) -> None:
        text = json.dumps(value)
        created_on_first_use(
            lambda: self._container.upload_blob(name, text, overwrite=True), lambda: create_container(self._container)
        )


def _in_lists(names: Iterable[str]) -> Iterator[list[str]]:
    held: list[str] = []
    for name in names:
        held.append(name)
        if len(held) == CHUNK_FILES:
            yield held
            held = []
    if held:
        yield held


def _refused(reason_code: str, message: str) -> FilesListed:
    return FilesListed.model_validate(FilesListed.refused(reason_code, message).to_wire())


def _problem(name: str, problem: FileProblem) -> FileFacts:
    return FileFacts(name=name, problem=problem)


def _problem_of(error: "HttpResponseError") -> FileProblem:
    # The service refuses for good with 4xx, such as a blob in the archive; but a file that changes under the reader is
    # worth another look (412), and so is a service that is busy (408, 429, 5xx) or broke off.
    status = error.status_code or 0
    return FileProblem.UNREADABLE if 400 <= status < 500 and status not in (408, 412, 429) else FileProblem.UNAVAILABLE


def _known(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value is not None}


def _names_of(batch_id: str, number: int) -> str:
    return f"{batch_id}/names/{number:05}.json"


def _facts_of(batch_id: str, number: int) -> str:
    return f"{batch_id}/facts/{number:05}.json"


def _summary_of(batch_id: str) -> str:
    return f"{batch_id}/summary.json"
