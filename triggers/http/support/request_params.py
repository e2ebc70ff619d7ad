"""Read what a request says outside its body: ids in the path, the query, the `Idempotency-Key` header."""

import re
import uuid
from functools import cache
from typing import Any, Final

import azure.functions as func
from pydantic import TypeAdapter, ValidationError

from domain.cards import looks_like_card_number
from triggers.http.support.problems import Problem, invalid_field, not_found
from triggers.http.support.request_body import M, refuse_card_numbers, validated

# How a caller of Azure Functions may hand over a function key: the platform's parameters, not ours.
_PLATFORM_PARAMETERS: Final = frozenset({"code", "clientId"})

_KEY_HEADER: Final = "Idempotency-Key"
_KEY_FORM: Final = re.compile(r"[\x21-\x7e]{1,100}")


def path_id(request: func.HttpRequest, name: str, form: Any) -> str:
    """An id of the path. form: its annotated type. Raises Problem: 404 when nothing can have such an id, 422 for a card number."""
    value = request.route_params[name]
    refuse_card_numbers({name: value})
    try:
        return str(_adapter(form).validate_python(value))
    except ValidationError:
        raise unknown(name) from None


def unknown(name: str) -> Problem:
    """404 for an id, named as in the path: order_id, product_id, dead_letter_id."""
    what = name.removesuffix("_id")
    return not_found(f"{what}_not_found", f"There is no {what.replace('_', ' ')} with this id.")


def read_query(request: func.HttpRequest, model: type[M]) -> M:
    """The query's parameters as a `model`. Raises Problem (422)."""
    query = {name: value for name, value in request.params.items() if name not in _PLATFORM_PARAMETERS}
    refuse_card_numbers(query)
    return validated(model, query)


def idempotency_key(request: func.HttpRequest) -> str | None:
    """The caller's key, if given. Raises Problem (422)."""
    key = request.headers.get(_KEY_HEADER)
    if key is None:
        return None
    if looks_like_card_number(key):
        raise invalid_field(_KEY_HEADER, "card_number", "Looks like a card number")
    if not _KEY_FORM.fullmatch(key):
        raise invalid_field(_KEY_HEADER, "form", "Must be 1 to 100 printable ASCII characters without blanks")
    return str(key)


def operation_key(request: func.HttpRequest, stated: str | None) -> str:
    """The key under which an entity counts an operation once: the body's or the header's, else a new one.

    Raises Problem (422) when both are given and differ.
    """
    header = idempotency_key(request)
    if stated is not None and header is not None and stated != header:
        raise invalid_field(_KEY_HEADER, "differs_from_key", "Give the same text as key, or one of them")
    return stated or header or uuid.uuid4().hex


@cache
def _adapter(form: Any) -> TypeAdapter[Any]:
    return TypeAdapter(form)
