"""Start a batch of files when its manifest is uploaded: `incoming/<name>.batch.json`, with the content of a request.

The setting MANIFEST_EVENTS chooses how the host detects it: it polls for new blobs itself, or the storage account's events
(CloudEvents 1.0) come through a queue. Either may announce one manifest several times: its batch is started once. A manifest that
breaks a rule is tried again by the host and then becomes a poison message; the log names the rule.
"""

import asyncio
import logging
import os
from typing import Final, Literal

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from domain.cards import json_may_hold_card_number
from domain.errors import ShopError
from domain.files.batch import FILE_BATCH, FileBatchRequest, leaves_container
from domain.ids import digest_id
from domain.queues import FILE_MANIFESTS, MANIFESTS
from domain.refusals import RequestRefused
from domain.wire import Wire
from services.container import services
from services.files.batches import permitted
from services.input.documents import read_document
from services.workflows.runs import start_once
from setting_values import manifest_events

_ENDING: Final = ".batch.json"
_BLOB_CREATED: Final = "Microsoft.Storage.BlobCreated"
_SUBJECT: Final = f"/blobServices/default/containers/{MANIFESTS}/blobs/"
_MAX_MANIFEST_BYTES: Final = 1024 * 1024

_log = logging.getLogger(__name__)

_by_blob, _by_queue = df.Blueprint(), df.Blueprint()
bp = _by_queue if manifest_events(os.environ) == "queue" else _by_blob


class ManifestRefused(ShopError):
    """No batch can be started from this manifest, or by this message, however often it is read."""


class StorageEvent(Wire):
    """What is used of an event of the storage account."""

    specversion: Literal["1.0"]
    type: str
    subject: str = ""


@_by_blob.blob_trigger(arg_name="manifest", path=f"{MANIFESTS}/{{name}}{_ENDING}", connection="SHOP_STORAGE")
@_by_blob.durable_client_input(client_name="client")
async def start_manifest(manifest: func.InputStream, client: df.DurableOrchestrationClient) -> None:
    """Start the batch that a manifest describes. Raises ManifestRefused."""
    if not _is_hidden(str(manifest.name)):
        await _start(client, str(manifest.name), manifest.read())


@_by_queue.queue_trigger(arg_name="message", queue_name=FILE_MANIFESTS, connection="SHOP_STORAGE")
@_by_queue.durable_client_input(client_name="client")
async def start_manifest_of_event(message: func.QueueMessage, client: df.DurableOrchestrationClient) -> None:
    """Start the batch of the manifest that an event announces.

    Raises:
        ManifestRefused: No batch can be started from it.
        StorageUnavailable: The host calls again.
    """
    body = message.get_body()
    if _is_hidden(body.decode("utf-8", "replace")):
        return
    name = manifest_of(body)
    if name is None:
        return
    content = await asyncio.to_thread(services().manifests.read, name, _MAX_MANIFEST_BYTES + 1)
    if content is None:
        _log.warning("%s/%s was gone before it was read", MANIFESTS, name)
        return
    await _start(client, f"{MANIFESTS}/{name}", content)


def manifest_of(message: bytes) -> str | None:
    """Return the manifest of an event; None for an event of another kind.

    Raises:
        ManifestRefused: The message is no event.
    """
    try:
        event = StorageEvent.model_validate_json(message)
    except ValidationError:
        raise ManifestRefused(f"a message on {FILE_MANIFESTS} is no event as CloudEvents 1.0 has them") from None
    name = event.subject.removeprefix(_SUBJECT)
    is_new = event.type == _BLOB_CREATED and name != event.subject and name.endswith(_ENDING)
    if is_new and leaves_container(name):
        raise ManifestRefused(f"a message on {FILE_MANIFESTS} names a blob with . or .. between its slashes")
    return name if is_new else None


def _is_hidden(text: str) -> bool:
    """Return whether a name or a message holds something like a card number. It is dropped: a refusal would store it as poison."""
    hidden = json_may_hold_card_number(text)
    if hidden:
        _log.error(
            "a manifest was dropped: its name, or the event that announces it, looks like it holds a card number"
        )
    return hidden


async def _start(client: df.DurableOrchestrationClient, path: str, content: bytes) -> None:
    # The batch is named after what was dropped where: a changed manifest is another batch.
    key = f"manifest-{digest_id(f'{path}:{content!r}')}"
    try:
        await start_once(
            client, FILE_BATCH, key, permitted(read_document(content, FileBatchRequest, _MAX_MANIFEST_BYTES))
        )
    except RequestRefused as refusal:
        rules = "; ".join(f"{error.field}: {error.message}" for error in refusal.errors)
        raise ManifestRefused(f"{path}: {refusal.detail} {rules}".strip()) from None
    _log.info("%s: batch %s", path, key)
