"""New users: the request, its rules, and the stored user."""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field

from domain.email_address import NotAnAddress, mail_address, needs_smtputf8
from domain.field_error import FieldError
from domain.ids import OrderId, WorkflowKey, digest_id
from domain.shipping.addresses import address_format, address_problems
from domain.text import one_line
from domain.wire import Day, Timestamp, Wire
from domain.workflows.run import RunRequest
from domain.workflows.steps import Outcome, StepResult

USER_ONBOARDING: Final = "user_onboarding"
MIN_AGE_YEARS: Final = 16

_POSTAL_CODE: Final = r"[A-Z0-9][A-Z0-9 -]{1,11}"  # of any country

UserId = OrderId


class OnboardingRequest(RunRequest):
    """The body of `POST /api/onboarding`. It checks the form only; `check_user` applies the rules."""

    name: Annotated[str, Field(max_length=200)]
    email: Annotated[str, Field(max_length=254)]
    country: Annotated[str, Field(max_length=20)]
    postal_code: Annotated[str, Field(max_length=20)] | None = None
    birth_date: Day
    accepts_terms: Annotated[bool, Field(strict=True)]


class User(Wire):
    """A user, without blanks around the texts, and with country and postal code in capitals.

    The postal code is empty where the country has none.
    """

    user_id: UserId
    name: str
    email: str
    country: str
    postal_code: str
    birth_date: Day


class CheckUser(Wire):
    """Check a request against the rules, as of now."""

    request: OnboardingRequest
    now: Timestamp


class UserChecked(StepResult):
    """The user as it will be stored, or every broken rule."""

    user: User | None = None
    errors: tuple[FieldError, ...] = ()


class Region(Wire):
    """A part of a country, with its code in ISO 3166-2, such as US-CA."""

    code: str
    name: str


class FindRegion(Wire):
    """Look up the region of a postal code."""

    country: str
    postal_code: str


class RegionFound(StepResult):
    """The region of a postal code; None when it is not known."""

    region: Region | None = None


class PersistUser(Wire):
    """Store a user. Only the run named by `onboarding_id` may find the user stored already."""

    onboarding_id: WorkflowKey
    user: User
    region: Region | None
    registered_at: Timestamp


def check_user(check: CheckUser, *, ascii_mail_only: bool = False) -> UserChecked:
    """Return the user, or every broken rule.

    Args:
        check: The request and the time.
        ascii_mail_only: Whether the shop's mail server takes ASCII addresses only.
    """
    request = check.request
    country = request.country.strip().upper()
    user = User(
        user_id=user_id(request.email),
        name=_name(request.name),
        email=_address(request.email) or request.email,
        country=country,
        postal_code=_postal_code(country, request.postal_code or ""),
        birth_date=request.birth_date,
    )
    errors = tuple(_broken_rules(user, request, check.now, ascii_mail_only))
    if not errors:
        return UserChecked(user=user)
    fields = ", ".join(dict.fromkeys(error.field for error in errors))
    return UserChecked(
        outcome=Outcome.REFUSED, reason_code="invalid_user", message=f"Not acceptable: {fields}.", errors=errors
    )


def user_id(email: str) -> UserId:
    """Return the id of a user: one per mail address, however it is written."""
    return f"usr-{digest_id((_address(email) or email.strip()).lower())}"


def _address(email: str) -> str | None:
    """Return the address as it is stored; None for a text that is none."""
    try:
        return mail_address(email.strip())
    except NotAnAddress:
        return None


def _name(text: str) -> str:
    """Return the name as it is stored, with single blanks. A text that cannot be shown stays as it is, and breaks a rule."""
    name = " ".join(text.split())
    return one_line(name) if name and _can_be_shown(name) else name


def _can_be_shown(text: str) -> bool:
    try:
        return bool(one_line(text))
    except ValueError:
        return not text  # an empty text breaks another rule


def _postal_code(country: str, text: str) -> str:
    code = " ".join(text.upper().split())
    # Both are often written without the blank in the middle.
    bare = code.replace(" ", "")
    return f"{bare[:-3]} {bare[-3:]}" if country in ("CA", "GB") and len(bare) > 3 else code


def _broken_rules(user: User, request: OnboardingRequest, now: datetime, ascii_mail_only: bool) -> Iterator[FieldError]:
    rules: tuple[tuple[str, str, str, Callable[[], bool]], ...] = (
        ("name", "blank", "Must have a letter", lambda: any(letter.isalpha() for letter in user.name)),
        ("name", "unprintable", "Must be printable text", lambda: _can_be_shown(user.name)),
        ("email", "form", "Must be an address such as ada@example.com", lambda: _address(request.email) is not None),
        (
            "email",
            "not_ascii",
            "Must be ASCII before the @: the shop's mail server takes no other address (SMTPUTF8)",
            lambda: not (ascii_mail_only and needs_smtputf8(_address(request.email) or "")),
        ),
        ("country", "form", "Must be a country's code (ISO 3166)", lambda: address_format(user.country) is not None),
        ("birth_date", "future", "Must be in the past", lambda: user.birth_date < now.date()),
        (
            "birth_date",
            "too_young",
            f"Must be {MIN_AGE_YEARS} years ago or more",
            # A birth date in the future breaks the rule above alone.
            lambda: user.birth_date >= now.date() or _years(user.birth_date, now.date()) >= MIN_AGE_YEARS,
        ),
        ("accepts_terms", "not_accepted", "The terms must be accepted", lambda: request.accepts_terms),
    )
    for field, rule, message, holds in rules:
        if not holds():
            yield FieldError(field=field, rule=rule, message=message)
    if user.postal_code and not re.fullmatch(_POSTAL_CODE, user.postal_code):
        yield FieldError(field="postal_code", rule="form", message="Must be letters, digits, blanks and -")
        return
    for problem in address_problems(user.country, city=None, state=None, postal_code=user.postal_code):
        if problem.field == "postal_code":
            yield problem


def _years(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
