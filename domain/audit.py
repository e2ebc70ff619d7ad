"""What people do, and every action that is not a storefront's: who, when, what, from where."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from domain.page import Page
from domain.wire import Timestamp, Wire


class AuditEvent(StrEnum):
    """requested: the action is about to be tried. answered: it was, with this status."""

    REQUESTED = "requested"
    ANSWERED = "answered"


class AuditRecord(Wire):
    """One line of the audit log.

    Attributes:
        action_id: The same in both records of an action. One that has no `answered` record may have happened.
        who: The caller's name.
        roles: What the caller held, for an action by the link of a mail `link`.
        operation: What was done, such as `decide_approval`.
        method, path: Of the request, with the ids that it named.
        source: The network address that the request came from; None where the host does not say.
        status: Of the answer; None before there is one.
    """

    action_id: str
    event: AuditEvent
    at: Timestamp
    who: str
    roles: tuple[str, ...]
    operation: str
    method: str
    path: str
    source: str | None
    status: int | None = None


class AuditLog(Protocol):
    """Keeps what was done. Records are only ever added, until their retention is over."""

    def append(self, record: AuditRecord) -> None:
        """Store a record. Raises StorageUnavailable."""

    def list(
        self, *, who: str | None = None, since: datetime | None = None, cursor: str | None = None, limit: int = 50
    ) -> Page[AuditRecord]:
        """Return records, newest first. who: only this caller's. since: only those of then or later.

        Raises:
            InvalidCursor: The cursor does not come from this list.
            StorageUnavailable: The same request may be sent again.
        """

    def purge(self, before: datetime, has_time: Callable[[], bool]) -> int:
        """Delete the records of the days before that of a time. Return how many there were. Raises StorageUnavailable."""
