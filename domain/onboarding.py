"""A new user: what somebody may send, the rules it is held against, and what is kept."""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field

from domain.field_error import FieldError
from domain.ids import OrderId, digest_id
from domain.steps import Outcome, StepResult
from domain.wire import Timestamp, Wire
from domain.workflow import RunRequest, WorkflowKey

USER_ONBOARDING: Final = "user_onboarding"
YOUNGEST_YEARS: Final = 16

_EMAIL: Final = re.compile(r"[^@\s<>]+@[^@\s<>.]+(\.[^@\s<>.]+)+")
# Of the countries that the shop knows postal codes of; any other country's are taken as they come.
_POSTAL_CODES: Final[Mapping[str, re.Pattern[str]]] = {
    "AU": re.compile(r"\d{4}"),
    "CA": re.compile(r"[A-Z]\d[A-Z] \d[A-Z]\d"),
    "DE": re.compile(r"\d{5}"),
    "FR": re.compile(r"\d{5}"),
    "GB": re.compile(r"[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}"),
    "US": re.compile(r"\d{5}(-\d{4})?"),
}

UserId = OrderId


class OnboardingRequest(RunRequest):
    """The body of `POST /api/onboarding`: its form only, the rules are `check_user`'s. birth_date: YYYY-MM-DD."""

    name: Annotated[str, Field(max_length=200)]
    email: Annotated[str, Field(max_length=254)]
    country: Annotated[str, Field(max_length=20)]
    postal_code: Annotated[str, Field(max_length=20)]
    birth_date: date
    accepts_terms: Annotated[bool, Field(strict=True)]


class User(Wire):
    """Somebody who may become a user, as written here: no blanks around, country and postal code in capitals."""

    user_id: UserId
    name: str
    email: str
    country: str
    postal_code: str
    birth_date: date


class CheckUser(Wire):
    """Hold a request against the rules, as of now."""

    request: OnboardingRequest
    now: Timestamp


class UserChecked(StepResult):
    """user: as it will be kept; None when refused. errors: every rule that is broken."""

    user: User | None = None
    errors: tuple[FieldError, ...] = ()


class Region(Wire):
    """Part of a country. code: ISO 3166-2, such as US-CA."""

    code: str
    name: str


class FindRegion(Wire):
    """Which region a postal code belongs to."""

    country: str
    postal_code: str


class RegionFound(StepResult):
    """region: None when nobody knows it."""

    region: Region | None = None


class PersistUser(Wire):
    """Enter a user. onboarding_id: of the run that does it; only that run may find the user entered already."""

    onboarding_id: WorkflowKey
    user: User
    region: Region | None
    registered_at: Timestamp


def check_user(check: CheckUser) -> UserChecked:
    """The user, or every rule that the request breaks."""
    request = check.request
    user = User(
        user_id=user_id(request.email),
        name=" ".join(request.name.split()),
        email=_address(request.email),
        country=request.country.strip().upper(),
        postal_code=_postal_code(request.country.strip().upper(), request.postal_code),
        birth_date=request.birth_date,
    )
    errors = tuple(_broken_rules(user, request, check.now))
    if not errors:
        return UserChecked(user=user)
    fields = ", ".join(dict.fromkeys(error.field for error in errors))
    return UserChecked(
        outcome=Outcome.REFUSED, reason_code="invalid_user", message=f"Not acceptable: {fields}.", errors=errors
    )


def user_id(email: str) -> UserId:
    """One user per address, however it is written."""
    return f"usr-{digest_id(_address(email).lower())}"


def _address(email: str) -> str:
    local, at, host = email.strip().rpartition("@")
    return f"{local}{at}{host.lower()}"


def _postal_code(country: str, text: str) -> str:
    code = " ".join(text.upper().split())
    # Both are often written without the blank in the middle.
    bare = code.replace(" ", "")
    return f"{bare[:-3]} {bare[-3:]}" if country in ("CA", "GB") and len(bare) > 3 else code


def _broken_rules(user: User, request: OnboardingRequest, now: datetime) -> Iterator[FieldError]:
    rules: tuple[tuple[str, str, str, Callable[[], bool]], ...] = (
        ("name", "blank", "Must have a letter", lambda: any(letter.isalpha() for letter in user.name)),
        ("name", "unprintable", "Must be printable text", user.name.isprintable),
        ("email", "form", "Must be an address such as ada@example.com", lambda: bool(_EMAIL.fullmatch(user.email))),
        ("country", "form", "Must be two letters (ISO 3166)", lambda: bool(re.fullmatch("[A-Z]{2}", user.country))),
        ("postal_code", "form", "Is not one of this country", lambda: _is_postal_code(user)),
        ("birth_date", "future", "Must be in the past", lambda: user.birth_date < now.date()),
        (
            "birth_date",
            "too_young",
            f"Must be {YOUNGEST_YEARS} years ago or more",
            # Who is not born yet breaks the rule above alone.
            lambda: user.birth_date >= now.date() or _years(user.birth_date, now.date()) >= YOUNGEST_YEARS,
        ),
        ("accepts_terms", "not_accepted", "The terms must be accepted", lambda: request.accepts_terms),
    )
    for field, rule, message, holds in rules:
        if not holds():
            yield FieldError(field=field, rule=rule, message=message)


def _is_postal_code(user: User) -> bool:
    form = _POSTAL_CODES.get(user.country, re.compile(r"[A-Z0-9][A-Z0-9 -]{1,11}"))
    return bool(form.fullmatch(user.postal_code))


def _years(birth: date, today: date) -> int:
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))
