"""A run that waits for a person's decision, as its status shows it."""

from typing import Annotated, Final

from pydantic import Field

from domain.wire import Email, Timestamp, Wire, is_absent

_NO_MORE: Final = (
    "No further event of this name is read. The link in the mail and POST /api/approve/{instance_id} still decide."
)


class IgnoredEvent(Wire):
    """An event that was no decision.

    Attributes:
        name: Of the event.
        content: What it brought, shortened, on one line, and without what looks like a card number.
        read_at: When the run read it.
        number: How many of the wait's events were no decision by then.
        is_last: True when no further event of this name is read.
    """

    name: str
    content: str
    read_at: Timestamp
    number: int
    is_last: Annotated[bool | None, Field(exclude_if=is_absent)] = None

    @property
    def message(self) -> str:
        """What the status says of it."""
        said = f"The event {self.name} was no decision: {self.content}"
        return f"{said}. {_NO_MORE}" if self.is_last else said


class ApprovalWait(Wire):
    """The wait for a decision until the default applies. A decision belongs to one wait.

    Attributes:
        approvers: Who was asked.
        ignored_event: The last event that was no decision, if any.
    """

    wait_id: str
    expires_at: Timestamp
    approvers: tuple[Email, ...] = ()
    ignored_event: Annotated[IgnoredEvent | None, Field(exclude_if=is_absent)] = None
