"""Blob names from outside: what is addressed is the blob of that name, or nothing."""

from urllib.parse import unquote, urlsplit

import pytest
from azure.storage.blob import ContainerClient

from adapters.azure_storage.blob_paths import NameLeavesContainer, blob_within

CONTAINER = ContainerClient("https://shop.blob.core.windows.net", "incoming")
LEAVING = ["..", ".", "../x", "/../x", "a/..", "a/../../b", "a/./b", "./a", "a//../b"]
LEAVING += ["a\\..\\b", "..\\x", "a\\.", "a/..\\b"]
STAYING = ["a/b.csv", "...", "a..b/c..", "a/.../b", ".hidden", "a//b", "/a", "a/", "a\\b", "~x", "a:b@c"]
STAYING += ["%2e%2e/x", "..%2fx", "%5C..%5Cx", "\u00e4 \u00f6/+#?&=;,'()*!.csv", "\uff0e\uff0e/x"]


@pytest.mark.parametrize("name", LEAVING)
def test_a_name_with_dot_segments_is_refused(name: str) -> None:
    with pytest.raises(NameLeavesContainer):
        blob_within(CONTAINER, name)


@pytest.mark.parametrize("name", STAYING)
def test_every_other_name_is_its_blobs(name: str) -> None:
    assert unquote(urlsplit(blob_within(CONTAINER, name).url).path) == f"/incoming/{name}"
