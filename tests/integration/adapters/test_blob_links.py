"""Links to blobs: what they open, for how long, and whose key signs them."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.storage.blob import BlobServiceClient, UserDelegationKey

from adapters.azure_storage import blob_links
from adapters.azure_storage.blob_links import LINK_LIFETIME, BlobLinks
from adapters.azure_storage.storage import Storage, create_container


@pytest.fixture
def storage(storage_location) -> Storage:
    storage = Storage(storage_location)
    container = storage.container("things")
    create_container(container)
    container.upload_blob("a b/ü.txt", b"open")
    container.upload_blob("other.txt", b"closed")
    return storage


def test_a_link_opens_its_blob_and_no_other(storage: Storage):
    link = storage.links.to("things", "a b/ü.txt")
    assert requests.get(link.url, timeout=60).content == b"open"
    other = storage.container("things").get_blob_client("other.txt").url
    assert requests.get(f"{other}?{urlsplit(link.url).query}", timeout=60).status_code == 403


def test_a_link_does_not_allow_writing(storage: Storage):
    link = storage.links.to("things", "other.txt")
    answer = requests.put(link.url, data=b"mine", headers={"x-ms-blob-type": "BlockBlob"}, timeout=60)
    assert answer.status_code == 403


def test_a_link_says_when_it_ends(storage: Storage):
    link = storage.links.to("things", "other.txt")
    (end,) = parse_qs(urlsplit(link.url).query)["se"]
    assert abs(datetime.fromisoformat(end) - link.expires_at) < timedelta(seconds=1)
    assert link.expires_at - datetime.now(UTC) <= LINK_LIFETIME


def test_a_link_opens_nothing_any_more_once_its_time_is_over(storage: Storage, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(blob_links, "LINK_LIFETIME", timedelta(seconds=-1))
    link = storage.links.to("things", "other.txt")
    assert requests.get(link.url, timeout=60).status_code == 403


class Identity:
    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken("token", 0)


class Account(BlobServiceClient):
    """The service of an account without usable keys of its own."""

    asked = 0

    def get_user_delegation_key(self, key_start_time, key_expiry_time, **options):
        self.asked += 1
        key = UserDelegationKey()
        key.signed_oid, key.signed_tid, key.signed_service, key.signed_version = "oid", "tid", "b", "2023-11-03"
        key.signed_start, key.signed_expiry = key_start_time.isoformat(), key_expiry_time.isoformat()
        key.value = base64.b64encode(b"delegated").decode()
        return key


def test_with_an_identity_links_are_signed_by_a_delegated_key_that_is_asked_for_once():
    account = Account("https://shop.blob.core.windows.net", credential=Identity())
    links = BlobLinks(account)
    query = parse_qs(urlsplit(links.to("things", "a.txt").url).query)
    links.to("things", "b.txt")
    assert (query["skoid"], query["sp"], query["spr"], account.asked) == (["oid"], ["r"], ["https"], 1)
