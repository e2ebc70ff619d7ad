"""Read a JSON body into a model, or say what is wrong with it.

The order of the checks is the promise: nothing is decoded before its size is known, and nothing is validated, stored or
logged before it was searched for card numbers.
"""

import codecs
import json
import os
from collections import Counter
from email.message import Message
from http import HTTPStatus
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar

import azure.functions as func
from pydantic import ValidationError

from domain.cards import card_number_paths
from domain.errors import TooDeep
from domain.wire import Edge
from settings import mail_takes_utf8
from triggers.http.support.problems import (
    MAX_ERRORS,
    FieldError,
    Problem,
    field_errors,
    field_path,
    invalid,
    shown_name,
)

MAX_BODY_BYTES: Final = 64 * 1024
_CHARSETS: Final = frozenset({"utf-8", "utf8", "us-ascii"})
_UTF_16: Final = frozenset({"utf-16", "utf-16le", "utf-16be"})  # of spreadsheets

M = TypeVar("M", bound=Edge)


def read_body(request: func.HttpRequest, model: type[M]) -> M:
    """The body as a `model`. Raises Problem: 415, 413, 400 (not one plain JSON object), 422 (card number, rules of the model)."""
    check_media_type(request, "application/json")
    document = json_object(body_text(request.get_body(), MAX_BODY_BYTES))
    refuse_card_numbers(document)
    return validated(model, document)


def validated(model: type[M], document: dict[str, Any]) -> M:
    """The document as a `model`. Raises Problem (422)."""
    try:
        return model.of_caller(document, ascii_mail_only=not mail_takes_utf8(os.environ))
    except ValidationError as error:
        raise invalid(field_errors(error)) from None


def refuse_card_numbers(document: dict[str, Any]) -> None:
    """Raises Problem (422) naming the fields that hold something like a card number."""
    try:
        paths = list(islice(card_number_paths(document), MAX_ERRORS))
    except TooDeep:
        raise _not_json("The JSON is nested too deeply.") from None
    if paths:
        message = "Looks like a card number. Card numbers are never accepted: send a payment method token"
        raise invalid(FieldError(field=field_path(path), rule="card_number", message=message) for path in paths)


def check_media_type(request: func.HttpRequest, *wanted: str) -> str:
    """The media type that the body has, one of those wanted, in UTF-8. Raises Problem (415)."""
    header = Message()
    # Of a text that is not ASCII, Message would make something that is no str, and find no charset in it.
    header["Content-Type"] = str(request.headers.get("content-type", "")).encode("ascii", "replace").decode()
    media_type = header["Content-Type"].partition(";")[0].strip().lower()
    if media_type not in wanted:
        raise _unsupported(f"Send the body as Content-Type: {' or '.join(wanted)}.")
    charset = header.get_content_charset("utf-8")
    if charset not in _CHARSETS and not (media_type == "text/csv" and charset in _UTF_16):
        raise _unsupported("Send the body in UTF-8.")
    return media_type


def body_text(body: bytes, most_bytes: int) -> str:
    """The body's text, without a byte order mark: UTF-8, or UTF-16 with one. Raises Problem: 413, 400 (not_utf8)."""
    if len(body) > most_bytes:
        detail = f"A body may have {most_bytes} bytes at most."
        error = FieldError(field="body", rule="body_too_large", message=detail)
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", detail, [error])
    is_utf_16 = body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = body.decode("utf-16" if is_utf_16 else "utf-8-sig")
        wrong = text.find("\0")  # UTF-16 without its mark is valid UTF-8, full of NUL
        if wrong < 0:
            return text
    except UnicodeDecodeError as error:
        wrong = error.start
    line = body.count(b"\n", 0, wrong) + 1
    detail = f"The body is not UTF-8 text: see line {line}. Spreadsheets write it as 'CSV UTF-8'."
    raise Problem(
        HTTPStatus.BAD_REQUEST, "not_utf8", detail, [FieldError(field="body", rule="not_utf8", message=detail)]
    )


def json_object(text: str) -> dict[str, Any]:
    """One JSON object that names no key twice. Raises Problem (400)."""
    if not text:
        raise _not_json("The body is empty; a request without a Content-Length counts as empty too.")
    try:
        document = json.loads(text, object_pairs_hook=_distinct, parse_constant=_refuse_constant)
    except RecursionError:
        raise _not_json("The JSON is nested too deeply.") from None
    except ValueError:
        raise _not_json("The body is not valid JSON.") from None
    if not isinstance(document, dict):
        raise _not_json("The body must be one JSON object.")
    return document


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    repeated = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
    error = FieldError(field=shown_name(repeated), rule="duplicate_key", message="Stands twice in one object")
    raise Problem(HTTPStatus.BAD_REQUEST, "not_json", "A JSON object names one key twice.", [error])


def _refuse_constant(name: str) -> NoReturn:
    # NaN and Infinity: Python reads them, JSON does not have them.
    raise _not_json(f"{name} is not JSON.")


def _unsupported(detail: str) -> Problem:
    error = FieldError(field="Content-Type", rule="unsupported_media_type", message=detail)
    return Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail, [error])


def _not_json(detail: str) -> Problem:
    return Problem(
        HTTPStatus.BAD_REQUEST, "not_json", detail, [FieldError(field="body", rule="not_json", message=detail)]
    )
