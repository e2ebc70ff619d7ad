"""Read the names of dead letters page by page. A record's state stands in its blob's metadata, so no blob is read for it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.cursor import decode_cursor
from domain.page import InvalidCursor
from domain.workflows.dead_letter import DeadLetterState

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, ContainerClient

_MAX_PAGES_WITHOUT_HITS: Final = 20


def names_of_page(
    container: "ContainerClient", state: DeadLetterState | None, marker: str | None, limit: int
) -> tuple[Sequence[str], str | None]:
    """Return the ids of one page, and the service's marker of the next one."""
    is_any = state in (None, DeadLetterState.OPEN)
    # The library's annotations do not know that a page iterator carries the marker.
    pages: Any = container.list_blobs(include=["metadata"], results_per_page=limit).by_page(marker)
    names: Sequence[str] = ()
    for _ in range(_MAX_PAGES_WITHOUT_HITS):
        names = [blob.name for blob in next(pages, ()) if is_any or state_of(blob) is state]
        if names or not pages.continuation_token:
            break
    return names, pages.continuation_token or None


def state_of(blob: "BlobProperties") -> DeadLetterState:
    """Return the state that stands in a blob's metadata."""
    return DeadLetterState(blob.metadata["state"])


def marker_of(cursor: str | None, state: DeadLetterState | None) -> str | None:
    """Return the service's marker in a cursor. Raises InvalidCursor for one of another list."""
    token = decode_cursor(cursor)
    if token is None:
        return None
    if not isinstance(token, list) or len(token) != 2 or token[0] != state or not isinstance(token[1], str):
        raise InvalidCursor
    return token[1]
