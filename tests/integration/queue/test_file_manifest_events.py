"""Manifests that the storage account announces by events in a queue: the app as a process, with that way switched on."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.azure_storage.storage import create_queue
from domain.queues import FILE_MANIFESTS
from local_host.testing.process import HostProcess, eventually, host_process
from sandbox.testing import Sandbox
from services.container import services
from tests.support.files import put_files
from tests.support.shop import ROOT, use_settings
from triggers.blob.file_manifest import ManifestRefused, manifest_of

SUBJECT = "/blobServices/default/containers/incoming/blobs/"


def event(name: str, **changes: Any) -> str:
    """As the storage account writes it."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": "9aeb0fdf-c01e-0131-0922-9eb54906e209",
            "source": "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/shop",
            "type": "Microsoft.Storage.BlobCreated",
            "time": "2026-03-01T08:00:00Z",
            "subject": f"{SUBJECT}{name}",
            "data": {"api": "PutBlob", "contentLength": 44, "blobType": "BlockBlob"},
            **changes,
        }
    )


@pytest.fixture
def host(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, tmp_path: Path
) -> Iterator[HostProcess]:
    use_settings(monkeypatch, storage_connection, sandbox, MANIFEST_EVENTS="queue")
    with host_process(tmp_path / "state.db", app=ROOT) as process:
        yield process


def announce(*messages: str) -> None:
    queue = services().storage.queue(FILE_MANIFESTS)
    create_queue(queue)
    for message in messages:
        queue.send_message(message)


def waiting(queue: str = FILE_MANIFESTS) -> int:
    """How many messages there are, those that are being worked on included."""
    client = services().storage.queue(queue)
    create_queue(client)
    return client.get_queue_properties().approximate_message_count or 0


def batches(host: HostProcess) -> list[str]:
    instances = host.request("GET", "/runtime/webhooks/durabletask/instances?instanceIdPrefix=file_batch.")
    return [instance["instanceId"] for instance in instances]


def test_a_manifest_starts_its_batch_once_however_often_its_event_comes(host: HostProcess):
    manifest = {"container": "incoming", "prefix": "t/"}
    put_files("incoming", {"t/a.csv": b"a\n1\n", "mon day.batch.json": json.dumps(manifest).encode()})
    announce(
        event("mon day.batch.json"),
        event("mon day.batch.json", id="another"),
        event("t/a.csv"),
        event("gone.batch.json"),
    )
    eventually(lambda: waiting() == 0)
    (instance_id,) = batches(host)
    output = host.ended(instance_id)["output"]
    assert (output["status"], output["detail"]["files"]) == ("completed", 1)
    assert waiting(f"{FILE_MANIFESTS}-poison") == 0


def test_what_starts_no_batch_ends_in_the_poison_queue(host: HostProcess):
    put_files("incoming", {"bad.batch.json": b'{"container": "dead-letters", "prefix": ""}', "empty.batch.json": b""})
    announce("no event", event("bad.batch.json"), event("empty.batch.json"))
    eventually(lambda: waiting(f"{FILE_MANIFESTS}-poison") == 3)
    assert batches(host) == []


def test_an_event_with_a_card_number_is_dropped_and_not_stored(host: HostProcess):
    announce(event("4242 4242 4242 4242.batch.json"), '{"not": "an event", "card": "4242424242424242"}')
    eventually(lambda: waiting() == 0)
    assert waiting(f"{FILE_MANIFESTS}-poison") == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "Microsoft.Storage.BlobDeleted"},
        {"type": "Microsoft.EventGrid.SubscriptionValidationEvent", "subject": ""},
        {"subject": f"{SUBJECT}monday.csv"},
        {"subject": "/blobServices/default/containers/reports/blobs/monday.batch.json"},
        {"subject": None},
    ],
)
def test_other_events_are_left_alone(changes: dict[str, Any]):
    fields = json.loads(event("monday.batch.json", **changes))
    other = {name: value for name, value in fields.items() if value is not None}
    assert manifest_of(json.dumps(other).encode()) is None


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"eventType": "Microsoft.Storage.BlobCreated", "subject": "/blobServices", "data": {}}',
        event("monday.batch.json", specversion="0.3").encode(),
        event("monday.batch.json", type=1).encode(),
    ],
)
def test_what_is_no_cloud_event_is_refused_without_being_repeated(message: bytes):
    with pytest.raises(ManifestRefused, match=r"CloudEvents 1\.0") as refused:
        manifest_of(message)
    assert "monday" not in str(refused.value)


def test_a_manifest_may_lie_in_a_folder_and_have_spaces_and_percents_in_its_name():
    assert manifest_of(event("2026/50 % off.batch.json").encode()) == "2026/50 % off.batch.json"


@pytest.mark.parametrize("name", ["../dead-letters/x.batch.json", "a/../../x.batch.json", "..\\x.batch.json"])
def test_an_event_that_names_a_blob_of_another_container_is_refused(name):
    with pytest.raises(ManifestRefused, match=r"\. or \.\."):
        manifest_of(event(name).encode())
