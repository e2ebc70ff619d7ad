"""Listing and reading the files of a batch: what the store refuses, and what is too much."""

import pytest
from pydantic import ValidationError

from adapters.azure_storage.storage import Storage, create_container
from adapters.stores import file_batches
from adapters.stores.file_batches import FileBatches
from domain.files.batch import (
    HIDDEN_NAME,
    ExtractMetadata,
    FileBatchRequest,
    FileFacts,
    FileProblem,
    FilesListed,
    ListFiles,
)
from domain.workflows.steps import Outcome
from settings import StorageLocation


@pytest.fixture
def storage(storage_location: StorageLocation) -> Storage:
    storage = Storage(storage_location)
    create_container(storage.container("incoming"))
    return storage


def put(storage: Storage, *names: str, content: bytes = b"x") -> None:
    for name in names:
        storage.container("incoming").upload_blob(name, content)


def listed(storage: Storage, prefix: str = "") -> FilesListed:
    request = FileBatchRequest(container="incoming", prefix=prefix)
    return FileBatches(storage, 5).list_files(ListFiles(batch_id="b-1", request=request))


def looked_at(storage: Storage, name: str) -> FileFacts:
    return FileBatches(storage, 5).extract(ExtractMetadata(container="incoming", name=name))


def test_names_are_kept_in_lists_and_only_counted_in_the_answer(storage: Storage, monkeypatch):
    monkeypatch.setattr(file_batches, "CHUNK_FILES", 2)
    put(storage, "a/1", "a/2", "a/3", "b/1")
    assert listed(storage, "a/") == FilesListed(files=3, chunks=2, width=5)
    batches = FileBatches(storage, 5)
    assert [batches.names("b-1", number) for number in range(2)] == [("a/1", "a/2"), ("a/3",)]


def test_more_files_than_one_batch_may_hold_are_refused(storage: Storage, monkeypatch):
    monkeypatch.setattr(file_batches, "MAX_BATCH_FILES", 2)
    put(storage, "1", "2", "3")
    answer = listed(storage)
    assert (answer.outcome, answer.reason_code) == (Outcome.REFUSED, "too_many_files")


def test_a_file_that_is_too_large_is_not_read(storage: Storage, monkeypatch):
    monkeypatch.setattr(file_batches, "MAX_FILE_BYTES", 3)
    put(storage, "a.csv", content=b"four")
    assert looked_at(storage, "a.csv") == FileFacts(name="a.csv", problem=FileProblem.TOO_LARGE)


def test_a_file_larger_than_one_piece_is_read_to_its_end(storage: Storage):
    put(storage, "a.csv", content=b"a,b\n" * 1_200_000)
    found = looked_at(storage, "a.csv")
    assert (found.size_bytes, found.rows) == (4_800_000, 1_199_999)


def test_a_file_that_the_store_keeps_in_its_archive_is_unreadable(storage: Storage):
    put(storage, "a.csv")
    storage.container("incoming").get_blob_client("a.csv").set_standard_blob_tier("Archive")
    assert looked_at(storage, "a.csv").problem is FileProblem.UNREADABLE


def test_a_store_that_does_not_answer_is_worth_another_look():
    gone = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=aw==;BlobEndpoint=http://127.0.0.1:1/a"
    away = Storage(StorageLocation(connection_string=gone))
    assert looked_at(away, "a.csv").problem is FileProblem.UNAVAILABLE


def test_a_card_number_in_a_name_is_kept_nowhere(storage: Storage):
    put(storage, "a.csv", "scan 4242-4242-4242-4242.csv")
    assert listed(storage).files == 2
    names = FileBatches(storage, 5).names("b-1", 0)
    assert names == ("a.csv", HIDDEN_NAME)
    assert looked_at(storage, HIDDEN_NAME) == FileFacts(name=HIDDEN_NAME, problem=FileProblem.CARD_NUMBER)


@pytest.mark.parametrize("name", ["../orders/secret.csv", "a/../../b", "a/./b", "..", "a\\..\\b"])
def test_a_name_that_leads_out_of_its_container_is_refused_and_not_read(storage: Storage, name: str):
    with pytest.raises(ValidationError):
        FileBatchRequest.of_caller({"container": "incoming", "blobs": [name]})
    assert looked_at(storage, name).problem is FileProblem.UNREADABLE
