"""Answer errors as RFC 9457 problem documents that name the field and the rule.

No stack trace, no rejected value and no secret may leave here, neither in an answer nor in a log.
"""

import logging
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

import azure.functions as func

from domain.errors import StorageUnavailable
from domain.field_error import FieldError
from domain.refusals import Conflict, Forbidden, Invalid, NotFound, RequestRefused, TooLarge, TryAgain, Unreadable
from domain.wire import Wire

Handler = Callable[..., Awaitable[func.HttpResponse]]

PROBLEM_JSON: Final = "application/problem+json"
_STATUSES: Final[Mapping[type[RequestRefused], HTTPStatus]] = {
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unreadable: HTTPStatus.BAD_REQUEST,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    TryAgain: HTTPStatus.SERVICE_UNAVAILABLE,
}
RETRY_SOON: Final = {"Retry-After": "5"}

_log = logging.getLogger(__name__)


class ProblemDocument(Wire):
    """A problem as in RFC 9457. The code is a stable name of it, for programs."""

    type: str = "about:blank"
    title: str
    status: int
    code: str
    detail: str
    errors: tuple[FieldError, ...] = ()


class Problem(Exception):
    """A request is answered with a problem document. Its detail is one sentence without the caller's values."""

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
        """Return the answer to the caller."""
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
    """Return a 404."""
    return Problem(HTTPStatus.NOT_FOUND, code, detail)


def conflict(code: str, detail: str) -> Problem:
    """Return a 409."""
    return Problem(HTTPStatus.CONFLICT, code, detail)


def invalid_field(field: str, rule: str, message: str) -> Problem:
    """Return a 422 for one field."""
    return problem_of(Invalid.of_field(field, rule, message))


def unavailable(detail: str) -> Problem:
    """Return a 503: the same request may be sent again."""
    return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", detail, headers=RETRY_SOON)


def problem_of(refusal: RequestRefused) -> Problem:
    """Return the problem that shows a use case's refusal to the caller."""
    status = next(status for kind, status in _STATUSES.items() if isinstance(refusal, kind))
    headers = {"Retry-After": str(refusal.retry_after_s)} if isinstance(refusal, TryAgain) else None
    return Problem(status, refusal.code, refusal.detail, refusal.errors, headers)


async def answer_problems(name: str, handler: Handler, bindings: Mapping[str, Any]) -> func.HttpResponse:
    """Call the handler of an operation, and answer its errors as problem documents.

    Known ones are shown as they are, any other is a 500 without details. name: the operation's, for the log.
    """
    try:
        return await handler(**bindings)
    except Exception as error:  # noqa: BLE001 - the caller gets a 500 without details, whatever went wrong
        return problem_for(error, name).response()


def problem_for(error: Exception, name: str) -> Problem:
    """Return the problem that shows an error to the caller, and log an error that is none of the caller's.

    Args:
        error: What a handler raised.
        name: The handler's, for the log.
    """
    if isinstance(error, StorageUnavailable):
        _log.warning("%s: %s", name, error)
    elif not isinstance(error, Problem | RequestRefused):
        _log.error("%s failed with %s\n%s", name, type(error).__qualname__, _places(error))
    return _shown(error)


def status_of(error: Exception) -> HTTPStatus:
    """Return the status with which an error is answered."""
    return _shown(error).status


def _shown(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestRefused):
        return problem_of(error)
    if isinstance(error, StorageUnavailable):
        return unavailable("The shop's storage did not answer. The same request may be sent again.")
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", "The shop failed on this request.")


def _places(error: Exception) -> str:
    # Places without the message, which may contain a value that must not be logged.
    return "".join(traceback.format_tb(error.__traceback__))
