"""Read a JSON document from a caller into a model, or refuse it with what is wrong.

The order of the checks is the promise: nothing is decoded before its size is known, and nothing is validated, stored or
logged before it was searched for card numbers.
"""

import codecs
import json
import os
from collections import Counter
from itertools import islice
from typing import Any, Final, NoReturn, TypeVar

from pydantic import ValidationError

from domain.cards import card_number_paths
from domain.errors import TooDeep
from domain.field_error import FieldError
from domain.refusals import MAX_ERRORS, Invalid, TooLarge, Unreadable
from domain.wire import Edge
from mail_settings import mail_takes_utf8
from services.input.field_errors import field_errors, field_path, shown_name

MAX_BODY_BYTES: Final = 64 * 1024

M = TypeVar("M", bound=Edge)


def read_document(body: bytes, model: type[M], max_bytes: int = MAX_BODY_BYTES) -> M:
    """Return the JSON object in a body as a `model`.

    Raises:
        TooLarge: The body has too many bytes.
        Unreadable: It is not one JSON object in UTF-8.
        Invalid: A field looks like a card number or breaks a rule of the model.
    """
    document = json_object(body_text(body, max_bytes))
    refuse_card_numbers(document)
    return validated(model, document)


def validated(model: type[M], document: dict[str, Any]) -> M:
    """Return the document as a `model`.

    Raises:
        Invalid: It breaks a rule of the model.
    """
    try:
        return model.of_caller(document, ascii_mail_only=takes_ascii_mail_only())
    except ValidationError as error:
        raise Invalid(field_errors(error)) from None


def takes_ascii_mail_only() -> bool:
    """Return whether the shop's mail server takes no address outside ASCII."""
    return not mail_takes_utf8(os.environ)


def refuse_card_numbers(document: dict[str, Any]) -> None:
    """Raise Invalid, naming the fields, when some hold something like a card number."""
    try:
        paths = list(islice(card_number_paths(document), MAX_ERRORS))
    except TooDeep:
        raise _not_json("The JSON is nested too deeply.") from None
    if paths:
        message = "Looks like a card number. Card numbers are never accepted: send a payment method token"
        raise Invalid(FieldError(field=field_path(path), rule="card_number", message=message) for path in paths)


def body_text(body: bytes, max_bytes: int) -> str:
    """Return the text of a body, without a byte order mark: UTF-8, or UTF-16 with one.

    Raises:
        TooLarge: It has more than max_bytes.
        Unreadable: It is text in neither.
    """
    if len(body) > max_bytes:
        detail = f"A body may have {max_bytes} bytes at most."
        raise TooLarge("body_too_large", detail, [FieldError(field="body", rule="body_too_large", message=detail)])
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
    raise Unreadable("not_utf8", detail, [FieldError(field="body", rule="not_utf8", message=detail)])


def json_object(text: str) -> dict[str, Any]:
    """Return the one JSON object in a text.

    Raises:
        Unreadable: It is no JSON object, or names one key twice.
    """
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
    raise Unreadable("not_json", "A JSON object names one key twice.", [error])


def _refuse_constant(name: str) -> NoReturn:
    # NaN and Infinity: Python reads them, JSON does not have them.
    raise _not_json(f"{name} is not JSON.")


def _not_json(detail: str) -> Unreadable:
    return Unreadable("not_json", detail, [FieldError(field="body", rule="not_json", message=detail)])
