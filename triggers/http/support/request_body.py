"""Read the body of a request."""

from email.message import Message
from http import HTTPStatus
from typing import Final, TypeVar

import azure.functions as func

from domain.field_error import FieldError
from domain.wire import Edge
from services.input.documents import read_document
from triggers.http.support.problems import Problem

_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_UTF_16: Final = frozenset({"utf-16", "utf-16le", "utf-16be"})  # of spreadsheets

M = TypeVar("M", bound=Edge)


def read_body(request: func.HttpRequest, model: type[M]) -> M:
    """Return the body as a `model`.

    Raises:
        Problem: 415 for another media type.
        RequestRefused: As `read_document`.
    """
    check_media_type(request, "application/json")
    return read_document(request.get_body(), model)


def check_media_type(request: func.HttpRequest, *wanted: str) -> str:
    """Return the media type that the body has, one of those wanted, in UTF-8.

    Raises:
        Problem: 415 for any other.
    """
    header = Message()
    # A text that is not ASCII would make Message return something that is no str, without a charset.
    header["Content-Type"] = str(request.headers.get("content-type", "")).encode("ascii", "replace").decode()
    media_type = header["Content-Type"].partition(";")[0].strip().lower()
    if media_type not in wanted:
        raise _unsupported(f"Send the body as Content-Type: {' or '.join(wanted)}.")
    charset = header.get_content_charset("utf-8")
    if charset not in _CHARSETS and not (media_type == "text/csv" and charset in _UTF_16):
        raise _unsupported("Send the body in UTF-8.")
    return media_type


def _unsupported(detail: str) -> Problem:
    error = FieldError(field="Content-Type", rule="unsupported_media_type", message=detail)
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail, [error])
