"""Errors as people and programs get them: RFC 9457 problem documents that name the field and the rule.

What must stay true: no stack trace, no rejected value and no secret leaves here, neither in an answer nor in a log.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import azure.functions as func
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from domain.cards import looks_like_card_number
from domain.errors import StorageUnavailable
from domain.field_error import FieldError as FieldError
from domain.wire import Wire

Handler = Callable[..., Awaitable[func.HttpResponse]]

PROBLEM_JSON: Final = "application/problem+json"
MAX_ERRORS: Final = 50
_MAX_NAME_CHARS: Final = 64
_RETRY_SOON: Final = {"Retry-After": "5"}

_log = logging.getLogger(__name__)


class ProblemDocument(Wire):
    """RFC 9457. code: a stable name of the problem, for programs."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()


class Problem(Exception):
    """A request that is answered with a problem document. detail: one sentence, without the caller's values."""

    def __init__(
        self,
        status: HTTPStatus,
        code: str,
        detail: str,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def response(self) -> func.HttpResponse:
        """The answer to the caller."""
        document = ProblemDocument(
            title=self.status.phrase, status=self.status, code=self.code, detail=self.detail, errors=self.errors
        )
        return func.HttpResponse(
            document.model_dump_json(),
            status_code=self.status,
            mimetype=PROBLEM_JSON,
            headers=self.headers,
        )


def not_found(code: str, detail: str) -> Problem:
    """404."""
    return Problem(HTTPStatus.NOT_FOUND, code, detail)


def conflict(code: str, detail: str) -> Problem:
    """409."""
    return Problem(HTTPStatus.CONFLICT, code, detail)


def invalid(errors: Iterable[FieldError]) -> Problem:
    """422: understood, but against the rules."""
    named = tuple(errors)[:MAX_ERRORS]
    fields = ", ".join(dict.fromkeys(error.field for error in named))
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid_request", f"Not acceptable: {fields}.", named)


def invalid_field(field: str, rule: str, message: str) -> Problem:
    """422 for one field."""
    return invalid([FieldError(field=field, rule=rule, message=message)])


def unavailable(detail: str) -> Problem:
    """503: the same request may be sent again."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, headers=_RETRY_SOON)


def field_errors(error: ValidationError) -> list[FieldError]:
    """What pydantic found wrong, without the values it found."""
    found = error.errors(include_input=False, include_url=False)
    return [
        FieldError(field=field_path(each["loc"]), rule=each["type"], message=_in_words(each))
        for each in found
        if not _follows(each, found)
    ]


def _in_words(error: ErrorDetails) -> str:
    """What pydantic says, without the names that Python has for things. An error without a context is worded by us already."""
    context = error.get("ctx", {})
    match error["type"]:
        case "model_type" | "model_attributes_type" | "dict_type":
            return "Must be an object"
        case "list_type" | "tuple_type":
            return "Must be a list"
        case "too_short":
            return f"Must have at least {_items(context['min_length'])}"
        case "too_long":
            return f"Must have at most {_items(context['max_length'])}"
        case "string_pattern_mismatch" if "pattern" in context:
            return "Has characters or a form that is not allowed"
    return error["msg"]


def _items(number: int) -> str:
    return f"{number} item" if number == 1 else f"{number} items"


def _follows(error: ErrorDetails, found: Iterable[ErrorDetails]) -> bool:
    # pydantic does not count the wrong items of a list, and then finds it too short.
    place = error["loc"]
    return error["type"] == "too_short" and any(
        other["loc"][: len(place)] == place and other["loc"] != place for other in found
    )


def field_path(location: Iterable[str | int]) -> str:
    """A place in a document: ("lines", 0, "quantity") is `lines[0].quantity`; the document itself is `body`."""
    path = ""
    for part in location:
        path += f"[{part}]" if isinstance(part, int) else f".{shown_name(part)}" if path else shown_name(part)
    return path or "body"


def shown_name(name: str) -> str:
    """A caller's key as it may be repeated to them: short, no card number, and text that can be sent."""
    if looks_like_card_number(name):
        return "(hidden)"
    return name[:_MAX_NAME_CHARS].encode(errors="replace").decode()  # JSON can spell half a character, UTF-8 cannot


async def answer_problems(handler: Handler, bindings: Mapping[str, Any]) -> func.HttpResponse:
    """Call the handler, and answer its errors as problem documents.

    Known ones are shown as they are, any other is a 500 without details.
    """
    try:
        return await handler(**bindings)
    except Problem as problem:
        return problem.response()
    except StorageUnavailable as error:
        _log.warning("%s: %s", handler.__name__, error)
        return unavailable("The shop's storage did not answer. The same request may be sent again.").response()
    except Exception as error:  # noqa: BLE001 - the caller gets a 500 without details, whatever went wrong
        _log.error("%s failed with %s\n%s", handler.__name__, type(error).__qualname__, _places(error))
        return Problem(
            HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "The shop failed on this request."
        ).response()


def _places(error: Exception) -> str:
    # Where, not what: an exception's text may carry a value that must not be logged.
    return "".join(traceback.format_tb(error.__traceback__))
