"""Reading an uploaded manifest."""

import pytest

from adapters.azure_storage.blob_paths import NameLeavesContainer
from adapters.azure_storage.storage import Storage, create_container
from adapters.stores.manifests import Manifests
from domain.errors import StorageUnavailable
from domain.queues import MANIFESTS
from settings import StorageLocation
from tests.support.files import without_blobs


@pytest.mark.parametrize(("content", "read"), [(b"", b""), (b"abc", b"abc"), (b"abcdef", b"abcd")])
def test_no_more_is_read_than_asked_for(storage: Storage, content: bytes, read: bytes):
    create_container(storage.container(MANIFESTS))
    storage.container(MANIFESTS).upload_blob("a b/monday.batch.json", content)
    assert Manifests(storage).read("a b/monday.batch.json", 4) == read


def test_a_manifest_that_is_gone_is_nothing(storage: Storage):
    assert Manifests(storage).read("monday.batch.json", 4) is None


def test_a_store_that_does_not_answer_is_worth_another_try(storage_connection: str):
    away = Storage(StorageLocation(connection_string=without_blobs(storage_connection)))
    with pytest.raises(StorageUnavailable):
        Manifests(away).read("monday.batch.json", 4)


@pytest.mark.parametrize("folder", ["../dead-letters/", "x/../../dead-letters/", "..\\dead-letters\\"])
def test_nothing_is_read_outside_the_container_of_manifests(storage: Storage, folder: str):
    for container in (MANIFESTS, "dead-letters"):
        create_container(storage.container(container))
    storage.container("dead-letters").upload_blob("a.batch.json", b"secret")
    with pytest.raises(NameLeavesContainer):
        Manifests(storage).read(f"{folder}a.batch.json", 100)
