"""One customer's traces in the stores that have no index by customer, found by reading them whole: a request of a person is rare.

Blobs are rewritten against their ETag, and one that is named after the customer is deleted. Of the queues only those of poison
messages are emptied: what is in the others is delivered within minutes.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from adapters.azure_storage.blob_paths import NameLeavesContainer, blob_within
from adapters.azure_storage.storage import Storage, storage_errors
from adapters.stores.archive import ARCHIVE
from adapters.stores.customer_exports import EXPORTS
from adapters.stores.run_files import CONTAINERS
from domain.ids import digest_id
from domain.personal.traces import Traces
from domain.queues import MANIFESTS, NOTIFICATIONS, ORDERS_IN

if TYPE_CHECKING:
    from azure.storage.blob import ContainerClient

_NAME: Final = "the stores of personal data"
_POISON_QUEUES: Final = (f"{ORDERS_IN}-poison", f"{NOTIFICATIONS}-poison")
_MAX_TEXT_BYTES: Final = 64 * 1024 * 1024
_MESSAGES_PER_PAGE: Final = 32
_VISIBILITY_S: Final = 30  # so long, other readers do not see what is read here


class PersonalDataStores:
    """Every method raises StorageUnavailable when blobs or queues do not answer. inboxes: the containers of uploaded files."""

    def __init__(self, storage: Storage, inboxes: Sequence[str]) -> None:
        self._storage = storage
        # Exports go with their runs.
        of_runs = (name for name in CONTAINERS.values() if name != EXPORTS)
        self._containers = list(dict.fromkeys([ARCHIVE, *of_runs, MANIFESTS, *inboxes]))

    def documents(
        self, traces: Traces, cursor: str | None, has_time: Callable[[], bool]
    ) -> tuple[list[tuple[str, str]], str | None]:
        """Return the documents with a trace, name and text, of as many as are read in the time, and where the next call begins.

        cursor: a container and the digest of a blob's name, as a name may be that of a customer.
        """
        found: list[tuple[str, str]] = []
        begun, _, last = (cursor or "").partition("|")
        for container_name in self._containers[self._containers.index(begun) if begun else 0 :]:
            container = self._storage.container(container_name)
            names = _after(self._names(container), last)
            last = ""
            for name in names:
                text = self._text(container, name)
                if traces.are_in_text(name) or traces.are_in_document(text):
                    found.append((f"{container_name}/{name}", text))
                elif not has_time():  # a document without a trace is there for the next call
                    return found, f"{container_name}|{digest_id(name)}"
        return found, None

    def scrub(self, traces: Traces, path: str) -> None:
        """Rewrite a document without its traces; delete one that is named after the customer. Safe to repeat."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError
        from azure.storage.blob import StandardBlobTier

        container_name, _, name = path.partition("/")
        blob = blob_within(self._storage.container(container_name), name)
        with storage_errors(_NAME), suppress(ResourceModifiedError, ResourceNotFoundError):
            if traces.are_in_text(name):
                blob.delete_blob()
                return
            download = blob.download_blob()
            text = download.readall().decode("utf-8", "surrogateescape")
            settings = download.properties.content_settings
            settings.content_md5 = None  # of the text as it was
            blob.upload_blob(
                traces.scrubbed_document(text).encode("utf-8", "surrogateescape"),
                overwrite=True,
                standard_blob_tier=StandardBlobTier.COOL if container_name == ARCHIVE else None,
                content_settings=settings,
                etag=download.properties.etag,
                match_condition=MatchConditions.IfNotModified,
            )

    def poison_messages(self, traces: Traces, *, delete: bool) -> list[str]:
        """Return the poison messages with a trace. delete: whether they are deleted."""
        return [text for name in _POISON_QUEUES for text in self._poison(name, traces, delete)]

    def awaited_messages(self, traces: Traces) -> list[str]:
        """Return the queues whose next messages have a trace: their functions are about to take them."""
        from azure.core.exceptions import ResourceNotFoundError

        found = []
        for name in (ORDERS_IN, NOTIFICATIONS):
            with storage_errors(_NAME), suppress(ResourceNotFoundError):  # it is created on first use
                texts = [
                    str(message.content) for message in self._storage.queue(name).peek_messages(_MESSAGES_PER_PAGE)
                ]
                found += [name] if any(traces.are_in_document(text) for text in texts) else []
        return found

    def _poison(self, name: str, traces: Traces, delete: bool) -> list[str]:
        from azure.core.exceptions import ResourceNotFoundError

        queue, found, seen = self._storage.queue(name), [], set[str]()
        with storage_errors(_NAME), suppress(ResourceNotFoundError):  # it is created on first use
            for message in queue.receive_messages(
                messages_per_page=_MESSAGES_PER_PAGE, visibility_timeout=_VISIBILITY_S
            ):
                if message.id in seen:
                    break
                seen.add(message.id)
                text = str(message.content)
                if traces.are_in_document(text):
                    found.append(text)
                    if delete:
                        queue.delete_message(message)
        return found

    def _names(self, container: "ContainerClient") -> list[str]:
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                return list(container.list_blob_names())
            except ResourceNotFoundError:  # it is created on first use
                return []

    def _text(self, container: "ContainerClient", name: str) -> str:
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors(_NAME):
            try:
                content = blob_within(container, name).download_blob().read(_MAX_TEXT_BYTES)
                return content.decode("utf-8", "surrogateescape")
            except (ResourceNotFoundError, NameLeavesContainer):
                return ""


def _after(names: list[str], last: str) -> list[str]:
    """Return the names behind the one with this digest; all when there is none, as a document may be read twice."""
    places = [place for place, name in enumerate(names) if last and digest_id(name) == last]
    return names[places[0] + 1 :] if places else names
