"""Everything that a storage account holds, as text, for tests that search it."""

import base64
import json
from collections.abc import Iterator
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient


def kept_in(connection: str) -> Iterator[tuple[str, str]]:
    """Everything in the storage account, by table, queue and container."""
    tables = TableServiceClient.from_connection_string(connection)
    for table in tables.list_tables():
        entities = list(tables.get_table_client(table.name).list_entities())
        yield f"table {table.name}", json.dumps(entities, default=str)
    queues = QueueServiceClient.from_connection_string(connection)
    for queue in queues.list_queues():
        messages = queues.get_queue_client(queue.name).peek_messages(max_messages=32)
        yield f"queue {queue.name}", "\n".join(decoded(message.content) for message in messages)
    blobs = BlobServiceClient.from_connection_string(connection)
    for container in blobs.list_containers():
        client = blobs.get_container_client(container.name)
        yield f"blob {container.name}", "\n".join(blob_text(client, blob.name) for blob in client.list_blobs())


def blob_text(container: Any, name: str) -> str:
    try:
        return name + str(container.download_blob(name).readall().decode("utf-8", "replace"))
    except ResourceNotFoundError:
        return name


def decoded(text: str) -> str:
    """Return a message as it is and, if it is Base64, what is in it."""
    try:
        return text + base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except ValueError:
        return text
