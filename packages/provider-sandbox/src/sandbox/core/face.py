"""What a provider's face consists of, so that the pipeline can serve Stripe and EasyPost alike."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sandbox.core.exchange import Answer, Call, Handler, JsonObject
from sandbox.ledger.store import Ledger


@dataclass(frozen=True)
class Operation:
    """One endpoint. path: an aiohttp pattern whose `{id}` is the call's target."""

    method: str
    path: str
    name: str
    handler: Handler


@dataclass(frozen=True, kw_only=True)
class Executed:
    """replayed: the answer is the one an idempotency key remembered; nothing was executed."""

    answer: Answer
    replayed: bool = False


class MalformedRequest(Exception):
    """The body cannot be read; `answer` says why in the face's own words."""

    def __init__(self, answer: Answer) -> None:
        super().__init__("malformed request")
        self.answer = answer


@dataclass(frozen=True, kw_only=True)
class Face:
    """One provider.

    authenticate: the refusal for these headers, or None. decode: parameters from query string and body, raises
    MalformedRequest. order_of: which order a request concerns. execute: run a handler and turn its refusals into
    answers, inside the caller's transaction. failure: the provider's body for 429, 500 and 503. not_found: for a path
    it does not have. busy: for a second request while the first with its idempotency key is under way; None when the
    provider has no such keys. headers: sent with every answer to these request headers.
    """

    name: str
    prefix: str
    operations: tuple[Operation, ...]
    authenticate: Callable[[Mapping[str, str]], Answer | None]
    decode: Callable[[str, bytes], JsonObject]
    order_of: Callable[[Ledger, str | None, JsonObject], str | None]
    execute: Callable[[Handler, Call, Ledger], Executed]
    failure: Callable[[int], Answer]
    not_found: Callable[[str, str], Answer]
    busy: Callable[[str], Answer] | None
    headers: Callable[[Mapping[str, str]], Mapping[str, str]]
