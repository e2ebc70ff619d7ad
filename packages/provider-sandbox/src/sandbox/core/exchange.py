"""The values that pass between HTTP and a face: one call in, one answer out.

Both are plain data, so that a face is a set of functions from a call to an answer and knows nothing of HTTP.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sandbox.ledger.store import Ledger

JsonObject = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """A business refusal ordered by a fault rule: the codes the provider shall answer with, None for its usual ones."""

    code: str | None = None
    decline_code: str | None = None
    message: str | None = None


@dataclass(frozen=True, kw_only=True)
class Call:
    """One request to a provider, understood: which operation, on which object, with which parameters.

    operation: as fault rules and the call log name it, e.g. `payment_intents.capture`.
    target: the id in the path, or None. order_id: the order it concerns, where that is known. refusal, lagging: what
    a fault rule ordered.
    """

    face: str
    method: str
    operation: str
    path: str
    target: str | None
    params: JsonObject
    now: datetime
    order_id: str | None = None
    idempotency_key: str | None = None
    refusal: Refusal | None = None
    lagging: bool = False


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What goes back. storable: the operation began, so an idempotency key remembers the answer.

    A body of type str is sent as HTML, everything else as JSON.
    """

    status: int = 200
    body: JsonObject | str
    headers: Mapping[str, str] = field(default_factory=dict)
    storable: bool = True


Handler = Callable[[Call, Ledger], Answer]
