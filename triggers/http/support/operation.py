"""How an operation of the HTTP API is described."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from domain.wire import Edge, Wire

BODY: Final = (400, 413, 415, 422)
"""The problems of every operation that takes a JSON body."""


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation. name: of the function that serves it. answers: by status, the model; None for a free-form object.

    problems: the statuses of problem documents, beyond 500 and 503, which any operation may answer. body_type, answer_type: media
    types; an answer that is no JSON is text.
    """

    method: Literal["GET", "POST", "PUT", "DELETE"]
    route: str
    name: str
    summary: str
    answers: Mapping[int, type[Wire] | None]
    problems: tuple[int, ...] = ()
    body: type[Edge] | None = None
    query: type[Edge] | None = None
    takes_idempotency_key: bool = False
    body_type: str = "application/json"
    answer_type: str = "application/json"
    needs_key: bool = True
