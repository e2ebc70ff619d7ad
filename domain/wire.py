"""The base of everything that crosses a boundary (HTTP, activity, entity, queue, table)."""

from typing import Annotated, Any, LiteralString

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from domain.money import known_currencies


def in_words(form: LiteralString) -> WrapValidator:
    """Says the form that a text must have, where pydantic would show its pattern. The error's type stays the same."""

    def check(value: Any, held_to_pattern: ValidatorFunctionWrapHandler) -> Any:
        try:
            return held_to_pattern(value)
        except ValidationError as error:
            kind = error.errors(include_input=False, include_url=False, include_context=False)[0]["type"]
            if kind != "string_pattern_mismatch":
                raise
            raise PydanticCustomError("string_pattern_mismatch", form) from None

    return WrapValidator(check)


def _known_currency(code: str) -> str:
    if code not in known_currencies():
        raise PydanticCustomError("unknown_currency", "Must be a currency (ISO 4217) in which cards can be charged")
    return code


Cents = Annotated[int, Field(strict=True, ge=0, le=999_999_999_999)]
"""An amount of money in the unit in which the payment provider takes its currency (see `domain.money`)."""

Currency = Annotated[
    str,
    Field(pattern=r"^[a-z]{3}$"),
    in_words("Must be three small letters, such as usd"),
    AfterValidator(_known_currency),
]
"""ISO 4217, lower case as payment providers write it."""

Email = Annotated[
    str,
    Field(max_length=254, pattern=r"^[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+$"),
    in_words("Must be an address such as ada@example.com"),
]
"""An address as mail servers take it; no white space, so that it cannot end a mail's header."""

OneLine = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=(
            r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*[^\s\x00-\x1f\x7f-\x9f]"
            r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
        ),
    ),
    in_words("Must be one line of text, without control characters and not of blanks alone"),
]
"""A name or a line of an address, as it may be printed on a label or stand in a mail."""

Timestamp = AwareDatetime
"""A moment with its zone; written as ISO 8601."""


class Wire(BaseModel):
    """Base of every payload: immutable, no unknown fields, and no rejected value (a card number, say) in an error text."""

    # Deferred: a cold start should not pay for validators of requests that may never come.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)

    def to_wire(self) -> dict[str, Any]:
        """The payload as plain JSON values, ready for the SDK, a table or a response."""
        return self.model_dump(mode="json")
