"""Start a batch of files when somebody drops its manifest: `incoming/<name>.batch.json`, which says what a request would.

A manifest that breaks a rule is tried again by the host and then named in the queue `webjobs-blobtrigger-poison`; the log says
which rule.
"""

import logging
from typing import Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import ValidationError

from domain.errors import ShopError
from domain.file_batch import FileBatchRequest
from domain.ids import digest_id
from http_api.file_batches import start_batch
from http_api.problems import Problem, field_errors, invalid

bp = df.Blueprint()

_MOST_BYTES: Final = 1024 * 1024

_log = logging.getLogger(__name__)


class ManifestRefused(ShopError):
    """No batch can be started from this manifest, however often it is read."""


@bp.blob_trigger(arg_name="manifest", path="incoming/{name}.batch.json", connection="SHOP_STORAGE")
@bp.durable_client_input(client_name="client")
async def start_manifest(manifest: func.InputStream, client: df.DurableOrchestrationClient) -> None:
    """Start the batch that a manifest describes; seeing the same one again starts nothing. Raises ManifestRefused."""
    content = manifest.read()
    # The batch is named after what was dropped where: a changed manifest is another batch.
    key = f"manifest-{digest_id(f'{manifest.name}:{content!r}')}"
    try:
        await start_batch(client, key, _request(content))
    except Problem as problem:
        rules = "; ".join(f"{error.field}: {error.message}" for error in problem.errors)
        raise ManifestRefused(f"{manifest.name}: {problem.detail} {rules}".strip()) from None
    _log.info("%s: batch %s", manifest.name, key)


def _request(content: bytes) -> FileBatchRequest:
    if len(content) > _MOST_BYTES:
        raise ManifestRefused(f"a manifest may have {_MOST_BYTES} bytes at most")
    try:
        return FileBatchRequest.model_validate_json(content)
    except ValidationError as error:
        raise invalid(field_errors(error)) from None
