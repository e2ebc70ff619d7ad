"""The base of every payload that crosses a boundary (HTTP, activity, entity, queue, table)."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, MINYEAR, UTC, date, datetime
from typing import Annotated, Any, LiteralString, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import PydanticCustomError

from domain.email_address import NotAnAddress, mail_address, needs_smtputf8
from domain.money import known_currencies
from domain.text import one_line, paragraph


def in_words(form: LiteralString) -> WrapValidator:
    """Describe the form that a text must have, where pydantic would show its pattern. The error's type stays the same."""

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
"""An address that was accepted before, in any form; from callers it comes as an `EmailAddress`."""


def _email(value: str, info: ValidationInfo) -> str:
    try:
        address = mail_address(value)
    except NotAnAddress:
        raise PydanticCustomError("string_pattern_mismatch", "Must be an address such as ada@example.com") from None
    if needs_smtputf8(address) and (info.context or {}).get("ascii_mail_only"):
        raise PydanticCustomError(
            "email_not_ascii", "Must be ASCII before the @: the shop's mail server takes no other address (SMTPUTF8)"
        )
    return address


EmailAddress = Annotated[
    str,
    Field(max_length=254),
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]
"""An address from a caller: one recipient, to whom a mail can be sent. Its domain is stored in ASCII."""


def _kept(rule: Callable[[str], str], form: LiteralString) -> AfterValidator:
    def check(value: str) -> str:
        try:
            return rule(value)
        except ValueError:
            raise PydanticCustomError("string_pattern_mismatch", form) from None

    return AfterValidator(check)


VISIBLE_LINE = _kept(one_line, "Must be one line of text, without control characters and not of blanks alone")
VISIBLE_TEXT = _kept(paragraph, "Must be text, without control characters and not of blanks alone")

OneLine = Annotated[str, Field(min_length=1, max_length=100), VISIBLE_LINE]
"""A name or a title, as it may be shown or stand in a mail."""

Comment = Annotated[str, Field(min_length=1, max_length=300), VISIBLE_TEXT]
"""A remark of a person, in a few lines."""


def at_most(number: int) -> BeforeValidator:
    """Refuse a longer list before its items are validated: pydantic counts the valid ones only, and reports all others."""

    def check(value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) > number:
            raise PydanticCustomError("too_long", "Must have at most {max_length} items", {"max_length": number})
        return value

    return BeforeValidator(check)


# Times and dates are texts. pydantic would take numbers, and digits in a text, for seconds since 1970.
# Patterns are compiled by their first use, which keeps cold starts short.
_MOMENT = r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?:[Zz]|[+-]\d{2}(?::?\d{2})?)"
_DAY = r"\d{4}-\d{2}-\d{2}"


def _iso(form: str, known: type, kind: LiteralString, words: LiteralString) -> BeforeValidator:
    def check(value: Any) -> Any:
        if isinstance(value, known) or (isinstance(value, str) and re.fullmatch(form, value, re.ASCII)):
            return value
        raise PydanticCustomError(kind, words)

    return BeforeValidator(check)


def _on_the_calendar(moment: datetime) -> datetime:
    if MINYEAR < moment.year < MAXYEAR:  # no zone is a year away from UTC
        return moment
    try:
        moment.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError("datetime_range", "Must be within the years 1 to 9999, in UTC") from None
    return moment


Timestamp = Annotated[
    AwareDatetime,
    _iso(_MOMENT, datetime, "datetime_form", "Must be a time in ISO 8601 with its zone, such as 2026-11-26T20:15:02Z"),
    AfterValidator(_on_the_calendar),
]
"""A time with its zone; written as ISO 8601."""

Day = Annotated[date, _iso(_DAY, date, "date_form", "Must be a date in ISO 8601, such as 2026-11-26")]
"""A calendar date; written as ISO 8601."""


def is_empty(value: object) -> bool:
    """Leave a list that was added later out of the payloads in which it is empty. For `Field(exclude_if=…)`."""
    return value == ()


def is_one(value: object) -> bool:
    """Leave a number that was added later out of the payloads in which it changes nothing. For `Field(exclude_if=…)`."""
    return value == 1


def is_absent(value: object) -> bool:
    """Leave a field that was added later out of the payloads that do not have it. For `Field(exclude_if=…)`."""
    return value is None


class Wire(BaseModel):
    """The base of every payload: immutable, and without rejected values (card numbers, say) in error texts.

    Unknown fields are ignored: a newer version of the app may have written what an instance, an entity or a row holds.
    """

    # Deferred: a cold start does not build validators of requests that may never come.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    def to_wire(self) -> dict[str, Any]:
        """Return the payload as plain JSON values for the SDK, a table or a response."""
        return self.model_dump(mode="json")


def split_state(state: Mapping[str, Any], known: type) -> tuple[dict[str, Any], dict[str, Any]]:
    """Split an entity's state into the fields that this version of its dataclass knows, and the others."""
    names = {field.name for field in dataclasses.fields(known)} - {"unknown"}
    return {name: state[name] for name in state if name in names}, {
        name: state[name] for name in state if name not in names
    }


class Edge(Wire):
    """The base of what callers send. At the edge `of_caller` reads it; inside it is read as any other payload."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": False})

    @classmethod
    def of_caller(cls, document: Any, *, ascii_mail_only: bool = False) -> Self:
        """Read what a caller sent; here an unknown field is an error.

        Args:
            document: The decoded JSON.
            ascii_mail_only: Whether the mail server takes ASCII addresses only (no SMTPUTF8).
        """
        return cls.model_validate(document, extra="forbid", context={"ascii_mail_only": ascii_mail_only})
