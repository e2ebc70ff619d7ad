"""Read the fields of a form, as pages and `curl -d` send it."""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

from triggers.http.support.problems import Problem

_MAX_FIELDS: Final = 20


def form_fields(text: str, *, with_empty: bool = False) -> dict[str, str]:
    """Return what a form sent, by field.

    Args:
        text: As the form was sent.
        with_empty: Whether fields that are empty are there, as empty texts.

    Raises:
        Problem: 400 for more fields than any form has, and for a field that stands twice: it could say two things.
    """
    try:
        pairs = parse_qsl(text, keep_blank_values=with_empty, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise _not_a_form(f"A form may have {_MAX_FIELDS} fields at most.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _not_a_form("A field of the form stands twice.")
    return fields


def _not_a_form(detail: str) -> Problem:
    return Problem(HTTPStatus.BAD_REQUEST, "not_a_form", detail)
