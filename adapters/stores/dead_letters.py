"""Keep dead letters: one blob per record, and a queue that announces each new one.

A record is created once and afterwards changed only against its ETag, so that two operators cannot overwrite each other. Its
state stands in the blob's metadata too, where listing sees it without reading the blob.

An open record has an empty blob of its name in a container of its own, so that a list of the open ones reads no closed one. That
blob is stored before the record and deleted after its closing; one that a crash has left behind is deleted by the next list.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.blob_paths import blob_within
from adapters.azure_storage.cursor import encode_cursor
from adapters.azure_storage.storage import (
    Storage,
    create_container,
    create_queue,
    created_on_first_use,
    storage_errors,
)
from adapters.stores.dead_letter_pages import marker_of, names_of_page, state_of
from domain.errors import StorageUnavailable
from domain.ids import dead_letter_prefixes
from domain.page import Page
from domain.workflows.dead_letter import (
    BeginReplay,
    CloseDeadLetter,
    DeadLetter,
    DeadLetterChanged,
    DeadLetterEnvelope,
    DeadLetterState,
    StoredDeadLetter,
)

if TYPE_CHECKING:
    from azure.storage.blob import BlobClient, BlobProperties

DEAD_LETTERS: Final = "dead-letters"
"""The name of the container and of the queue."""
OPEN_DEAD_LETTERS: Final = "open-dead-letters"
_DOWNLOAD_CONCURRENCY: Final = 8
_MAX_COLLISIONS: Final = 5


class DeadLetters:
    """Every method raises StorageUnavailable when blobs or queues do not answer."""

    def __init__(self, storage: Storage) -> None:
        self._container = storage.container(DEAD_LETTERS)
        self._open = storage.container(OPEN_DEAD_LETTERS)
        self._queue = storage.queue(DEAD_LETTERS)

    def store(self, dead_letter: DeadLetter) -> DeadLetter | None:
        """Store a record and announce it. A record that is there already stays, and is announced again while it is open.

        Returns:
            The record that was announced; None when it is closed.
        """
        with storage_errors("the dead letters"):
            known = self._open_anew(dead_letter, self._create(dead_letter))
            if known.state is not DeadLetterState.OPEN:
                return None
            self._announce(known)
            return known

    def get(self, dead_letter_id: str) -> StoredDeadLetter | None:
        """Return one record; None when there is none of this id."""
        with storage_errors("the dead letters"):
            return self._read(dead_letter_id)

    def list(
        self, *, state: DeadLetterState | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[DeadLetter]:
        """Return records by id, all or those in one state. A page may be short of `limit` and still have a next one.

        Raises InvalidCursor.
        """
        container = self._open if state is DeadLetterState.OPEN else self._container
        with storage_errors("the dead letters"):
            names, token = created_on_first_use(
                lambda: names_of_page(container, state, marker_of(cursor, state), limit),
                lambda: create_container(container),
            )
            with ThreadPoolExecutor(_DOWNLOAD_CONCURRENCY) as pool:
                found = [stored for stored in pool.map(self._read, names) if stored is not None]
            wanted = [stored.dead_letter for stored in found if state in (None, stored.dead_letter.state)]
            if state is DeadLetterState.OPEN:
                for stored in found:
                    self._forget_closed(stored.dead_letter)
        return Page(wanted, None if token is None else encode_cursor([state, token]))

    def open_of(self, workflow: str, key: str) -> Sequence[DeadLetter]:
        """Return the open records of one run, of its mails too, by id."""
        return self._of(workflow, key, lambda blob: state_of(blob) is DeadLetterState.OPEN)

    def of_run(self, workflow: str, key: str) -> Sequence[DeadLetter]:
        """Return every record of one run, of its mails too, by id."""
        return self._of(workflow, key, lambda blob: True)

    def update(self, dead_letter: DeadLetter, etag: str) -> str:
        """Replace the record that was read with this ETag, and give the new one. Raises DeadLetterChanged."""
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        with storage_errors("the dead letters"):
            try:
                return self._write(dead_letter, etag)
            except (ResourceModifiedError, ResourceNotFoundError):
                raise DeadLetterChanged(dead_letter.dead_letter_id) from None

    def begin_replay(self, beginning: BeginReplay) -> bool:
        """Record that a replay begins. Return whether it may: False when another or a resolution was faster."""
        return (
            self._change(beginning.dead_letter_id, lambda dead_letter: dead_letter.begin_replay(beginning.attempt))
            is not None
        )

    def close(self, closing: CloseDeadLetter) -> DeadLetter | None:
        """Close a record, unless it is closed.

        Returns:
            The record that this call closed; None when there was nothing to close.
        """
        return self._change(closing.dead_letter_id, lambda dead_letter: _closed(dead_letter, closing))

    def delete_closed(self, dead_letter: DeadLetter) -> None:
        """Delete a record that is closed. Safe to repeat. One that was opened anew meanwhile stays."""
        from azure.core import MatchConditions
        from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

        stored = self.get(dead_letter.dead_letter_id)
        if stored is None or stored.dead_letter.is_open:
            return
        with storage_errors("the dead letters"), suppress(ResourceModifiedError, ResourceNotFoundError):
            self._blob(dead_letter.dead_letter_id).delete_blob(
                etag=stored.etag, match_condition=MatchConditions.IfNotModified
            )

    def _change(self, dead_letter_id: str, change: Callable[[DeadLetter], DeadLetter | None]) -> DeadLetter | None:
        """Change a record, again when another change was faster. Return what was stored; None when nothing had to be."""
        for _ in range(_MAX_COLLISIONS):
            stored = self.get(dead_letter_id)
            changed = None if stored is None else change(stored.dead_letter)
            if stored is None or changed is None:
                return None
            try:
                self.update(changed, stored.etag)
            except DeadLetterChanged:
                continue
            return changed
        raise StorageUnavailable("a dead letter is being changed by too many at once")

    def _create(self, dead_letter: DeadLetter) -> DeadLetter:
        """Return the record that holds: this one, or the one that was there."""
        from azure.core.exceptions import ResourceExistsError

        open_blob = blob_within(self._open, dead_letter.dead_letter_id)
        created_on_first_use(lambda: open_blob.upload_blob(b"", overwrite=True), lambda: create_container(self._open))
        try:
            created_on_first_use(
                lambda: self._blob(dead_letter.dead_letter_id).upload_blob(
                    dead_letter.model_dump_json(), metadata={"state": dead_letter.state}
                ),
                lambda: create_container(self._container),
            )
        except ResourceExistsError:
            stored = self._read(dead_letter.dead_letter_id)
            return dead_letter if stored is None else stored.dead_letter
        return dead_letter

    def _open_anew(self, dead_letter: DeadLetter, known: DeadLetter) -> DeadLetter:
        """Put the record in place of one that was withdrawn before. Return the one that holds."""
        if dead_letter.opened_anew(known) is None:
            return known
        return self._change(known.dead_letter_id, dead_letter.opened_anew) or known

    def _announce(self, dead_letter: DeadLetter) -> None:
        envelope = DeadLetterEnvelope(
            dead_letter_id=dead_letter.dead_letter_id,
            workflow=dead_letter.workflow,
            key=dead_letter.key,
            step=dead_letter.step,
            reason_code=dead_letter.reason_code,
            dead_lettered_at=dead_letter.dead_lettered_at,
        )
        created_on_first_use(
            lambda: self._queue.send_message(envelope.model_dump_json(), time_to_live=-1),
            lambda: create_queue(self._queue),
        )

    def _read(self, dead_letter_id: str) -> StoredDeadLetter | None:
        from azure.core.exceptions import ResourceNotFoundError

        try:
            download = self._blob(dead_letter_id).download_blob()
            return StoredDeadLetter(DeadLetter.model_validate_json(download.readall()), download.properties.etag)
        except ResourceNotFoundError:
            return None

    def _write(self, dead_letter: DeadLetter, etag: str) -> str:
        from azure.core import MatchConditions

        answer = self._blob(dead_letter.dead_letter_id).upload_blob(
            dead_letter.model_dump_json(),
            overwrite=True,
            metadata={"state": dead_letter.state},
            etag=etag,
            match_condition=MatchConditions.IfNotModified,
        )
        self._forget_closed(dead_letter)
        return str(answer["etag"])

    def _forget_closed(self, dead_letter: DeadLetter) -> None:
        from azure.core.exceptions import ResourceNotFoundError

        if dead_letter.state is not DeadLetterState.OPEN:
            with suppress(ResourceNotFoundError):
                blob_within(self._open, dead_letter.dead_letter_id).delete_blob()

    def _of(self, workflow: str, key: str, is_wanted: "Callable[[BlobProperties], bool]") -> Sequence[DeadLetter]:
        with storage_errors("the dead letters"):
            blobs = created_on_first_use(lambda: self._named(workflow, key), lambda: create_container(self._container))
            found = (self._read(blob.name) for blob in blobs if is_wanted(blob))
            records = [stored.dead_letter for stored in found if stored is not None]
        return [each for each in records if (each.workflow, each.key) == (workflow, key)]

    def _named(self, workflow: str, key: str) -> "Sequence[BlobProperties]":
        return [
            blob
            for prefix in dead_letter_prefixes(workflow, key)
            for blob in self._container.list_blobs(name_starts_with=prefix, include=["metadata"])
        ]

    def _blob(self, dead_letter_id: str) -> "BlobClient":
        return blob_within(self._container, dead_letter_id)


def _closed(dead_letter: DeadLetter, closing: CloseDeadLetter) -> DeadLetter | None:
    if dead_letter.state is not DeadLetterState.OPEN:
        return None
    changes: dict[str, Any] = {
        "state": closing.state,
        "closed_at": closing.at,
        "resolution": closing.resolution,
    }
    return dead_letter.model_copy(update=changes)
