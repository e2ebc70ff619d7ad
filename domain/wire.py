"""The base of everything that crosses a boundary (HTTP, activity, entity, queue, table)."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Cents = Annotated[int, Field(strict=True, ge=0, le=100_000_000)]
"""An amount of money in the smallest unit of its currency. The cap (a million units) turns a slip into an error."""

Currency = Annotated[str, Field(pattern=r"^[a-z]{3}$")]
"""ISO 4217, lower case as payment providers write it."""

Email = Annotated[str, Field(max_length=254, pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$")]
"""An address as mail servers take it; no white space, so that it cannot end a mail's header."""

Timestamp = AwareDatetime
"""A moment with its zone; written as ISO 8601."""


class Wire(BaseModel):
    """Base of every payload: immutable, no unknown fields, and no rejected value (a card number, say) in an error text."""

    # Deferred: a cold start should not pay for validators of requests that may never come.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    def to_wire(self) -> dict[str, Any]:
        """The payload as plain JSON values, ready for the SDK, a table or a response."""
        return self.model_dump(mode="json")
