"""Read the ids in the path, the query, and the `Idempotency-Key` header of a request."""

import re
import uuid
from collections.abc import Collection, Mapping
from functools import cache
from typing import Annotated, Any, Final, Literal

import azure.functions as func
from pydantic import Field, TypeAdapter, ValidationError

from domain.cards import looks_like_card_number
from domain.ids import EXPENSE_APPROVAL, CustomerId, DriftId, InvoiceNumber, OrderId, ProductId, WorkflowKey
from domain.keyed_changes import ChangeId
from domain.workflows.dead_letter import DeadLetterId
from services.input.documents import M, refuse_card_numbers, validated
from triggers.http.support.problems import Problem, invalid_field, not_found

ApprovalInstanceId = Annotated[str, Field(pattern=rf"^({EXPENSE_APPROVAL}\.)?[A-Za-z0-9][A-Za-z0-9_-]{{0,63}}$")]
"""Of an order or of an expense claim."""

WorkflowName = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,63}$")]

CarrierName = Literal["easypost"]
"""A carrier service whose webhooks are received."""

PATH_IDS: Final[Mapping[str, Any]] = {
    "carrier": CarrierName,
    "change_id": ChangeId,
    "customer_id": CustomerId,
    "dead_letter_id": DeadLetterId,
    "drift_id": DriftId,
    "id": WorkflowKey,
    "instance_id": ApprovalInstanceId,
    "invoice_number": InvoiceNumber,
    "order_id": OrderId,
    "product_id": ProductId,
    "workflow": WorkflowName,
}
"""The form of each id that stands in a path, by the name of its parameter."""

# The platform's own parameters: a caller may send a function key with them.
_PLATFORM_PARAMETERS: Final = frozenset({"code", "clientId"})

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
MAX_IDEMPOTENCY_KEY_CHARS: Final = 100
IF_MATCH: Final = "If-Match"
_KEY_FORM: Final = re.compile(r"[\x21-\x7e]+")
_ETAG_FORM: Final = re.compile(r'(W/)?"([\x21\x23-\x7e]*)"')
_ETAGS_FORM: Final = re.compile(rf"\s*{_ETAG_FORM.pattern}(\s*,\s*{_ETAG_FORM.pattern})*\s*")
_MAX_IF_MATCH_CHARS: Final = 2_000


def path_id(request: func.HttpRequest, name: str) -> str:
    """Return an id of the path.

    Args:
        request: The request.
        name: One of `PATH_IDS`.

    Raises:
        Problem: 404 when nothing can have such an id, 422 for a card number.
    """
    return checked_id(name, request.route_params[name])


def checked_id(name: str, value: str) -> str:
    """Return an id.

    Args:
        name: One of `PATH_IDS`.
        value: As the caller wrote it.

    Raises:
        Problem: 404 when nothing can have such an id, 422 for a card number.
    """
    refuse_card_numbers({name: value})
    try:
        return str(_adapter(name).validate_python(value))
    except ValidationError:
        raise unknown(name) from None


def unknown(name: str) -> Problem:
    """Return a 404 for an id, named as in the path: order_id, product_id, dead_letter_id."""
    what = name.removesuffix("_id").removesuffix("_number")
    return not_found(f"{what}_not_found", f"There is no {what.replace('_', ' ')} with this id.")


def read_query(request: func.HttpRequest, model: type[M]) -> M:
    """Return the query's parameters as a `model`.

    Raises:
        RequestRefused: As for a body.
    """
    query = {name: value for name, value in request.params.items() if name not in _PLATFORM_PARAMETERS}
    refuse_card_numbers(query)
    return validated(model, query)


def idempotency_key(request: func.HttpRequest) -> str | None:
    """Return the caller's key, if given.

    Raises:
        Problem: 422 for a key of another form.
    """
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is None:
        return None
    if looks_like_card_number(key):
        raise invalid_field(IDEMPOTENCY_KEY, "card_number", "Looks like a card number")
    if len(key) > MAX_IDEMPOTENCY_KEY_CHARS or not _KEY_FORM.fullmatch(key):
        raise invalid_field(IDEMPOTENCY_KEY, "form", "Must be 1 to 100 printable ASCII characters without blanks")
    return str(key)


def expected_versions(request: func.HttpRequest) -> Collection[str] | None:
    """Return the versions of which one must be that of what is replaced, as `If-Match` names them; None without it.

    `*` stands for any version. A weak one (`W/`) is equal to none.

    Raises:
        Problem: 422 for a header of another form.
    """
    header = request.headers.get(IF_MATCH)
    if header is None or header.strip() == "*":
        return None if header is None else ("*",)
    if len(header) > _MAX_IF_MATCH_CHARS or not _ETAGS_FORM.fullmatch(header):
        raise invalid_field(IF_MATCH, "form", 'Must be * or versions such as "abc", with commas between')
    return tuple(version for weak, version in _ETAG_FORM.findall(header) if not weak)


def operation_key(request: func.HttpRequest, stated: str | None) -> str:
    """Return the key under which an entity counts an operation once: the body's or the header's, else a new one.

    Raises:
        Problem: 422 when both are given and differ.
    """
    header = idempotency_key(request)
    if stated is not None and header is not None and stated != header:
        raise invalid_field(IDEMPOTENCY_KEY, "differs_from_key", "Must equal key, or be left out")
    return stated or header or uuid.uuid4().hex


@cache
def _adapter(name: str) -> TypeAdapter[Any]:
    return TypeAdapter(PATH_IDS[name])
