"""Files in the shop's storage account."""

import json
import re
from typing import Any

from adapters.azure_storage.storage import create_container
from services.container import services


def put_files(container: str, files: dict[str, bytes]) -> None:
    """Create the container if need be, and the files by name."""
    client = services().storage.container(container)
    create_container(client)
    for name, content in files.items():
        client.upload_blob(name, content, overwrite=True)


def read_json(path: str) -> Any:
    """path: the container and the blob's name."""
    container, _, name = path.partition("/")
    return json.loads(services().storage.container(container).download_blob(name).readall())


def blob_names(container: str) -> list[str]:
    return list(services().storage.container(container).list_blob_names())


def without_blobs(connection: str) -> str:
    """Return the connection string of an account whose blobs do not answer."""
    return re.sub(r"BlobEndpoint=[^;]+", "BlobEndpoint=http://127.0.0.1:1/gone", connection)
