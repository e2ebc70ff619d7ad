"""Random plans of what may happen to a shop: orders, faults of the providers, people, time, and processes that die."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from hypothesis import strategies as st

from tests.support.order_requests import ADDRESS, order_request

SHELF = {"mug": 8, "piano": 2}
"""Few enough to run out."""

PRICES = {"mug": 1_000, "piano": 150_000}
_MAX_ORDERS = 6
_MAX_COMMITS = 12
"""Few enough that most lives end by death: an order on its own makes about as many."""

_OPERATIONS = (
    "payment_intents.create",
    "payment_intents.confirm",
    "payment_intents.capture",
    "payment_intents.cancel",
    "payment_intents.retrieve",
    "refunds.create",
    "shipments.create",
    "shipments.retrieve",
    "shipments.rerate",
    "shipments.buy",
    "shipments.refund",
)
_METHODS = (
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_visa",
    "pm_card_chargeDeclined",
    "pm_card_authenticationRequired",
    "pm_sandbox_authorisationExpires",
)
_WANTS: tuple[dict[str, int], ...] = ({"mug": 1}, {"mug": 3}, {"piano": 1}, {"mug": 2, "piano": 1})
_PATHS: dict[str, tuple[str, dict[str, Any]]] = {
    "approve": ("approval", {"decision": "approved", "approver": "ann"}),
    "reject": ("approval", {"decision": "rejected", "approver": "bob"}),
    "cancel": ("cancellation", {"requested_by": "ada"}),
}


@dataclass(frozen=True)
class PlannedOrder:
    wanted: dict[str, int]
    method: str
    is_deliverable: bool

    def body(self, order_id: str) -> dict[str, Any]:
        """Return the order as it is sent."""
        return order_request(
            order_id=order_id,
            lines=[{"product_id": product_id, "quantity": count} for product_id, count in self.wanted.items()],
            payment={"payment_method": self.method},
            ship_to=ADDRESS if self.is_deliverable else {**ADDRESS, "street1": "UNDELIVERABLE"},
        )


@dataclass(frozen=True)
class Move:
    """One move: `place`, `approve`, `reject`, `cancel` an order; `pass` time; `recover` orphaned orders; `die`.

    With `die` the worker dies over an episode, activity, batch of an entity or other function, the nth from now, before or after it
    has acted.
    """

    what: str
    order: int = 0
    minutes: int = 0
    during: Literal["episode", "activity", "entity", "function"] = "episode"
    nth: int = 1
    when: Literal["before", "after"] = "before"

    @property
    def request(self) -> tuple[str, dict[str, Any]] | None:
        """What is sent below the order's path."""
        return _PATHS.get(self.what)


@dataclass(frozen=True)
class Life:
    """What happens in one life of the process, which dies at that commit unless it is done before. after: not before it."""

    moves: tuple[Move, ...]
    dies_at: int
    after: bool


@dataclass(frozen=True)
class Plan:
    orders: tuple[PlannedOrder, ...]
    rules: tuple[dict[str, Any], ...]
    lives: tuple[Life, ...]
    capture: str
    mug_shards: int

    def order_id(self, number: int) -> str:
        """Return the same in every run of this plan; another one in every other plan."""
        return f"{hashlib.sha256(repr(self).encode()).hexdigest()[:8]}-{number}"


def _fault(kind: str, operation: str | None, probability: float, seed: int) -> dict[str, Any]:
    status = {"status": int(kind)} if kind.isdigit() else {}
    name = "status" if status else kind
    return {"kind": name, "operation": operation, "probability": probability, "seed": seed, **status}


_orders = st.builds(PlannedOrder, st.sampled_from(_WANTS), st.sampled_from(_METHODS), st.integers(0, 3).map(bool))
_faults = st.builds(
    _fault,
    st.sampled_from(("drop_before", "drop_after", "429", "500", "503", "html", "fail_after", "refuse")),
    st.sampled_from(_OPERATIONS),
    st.sampled_from((0.1, 0.3, 0.6, 1.0)),
    st.integers(0, 1_000),
)
_numbers = st.integers(0, _MAX_ORDERS - 1)
_placings = st.builds(Move, st.just("place"), _numbers)
_moves = st.one_of(
    _placings,
    st.builds(Move, st.sampled_from(tuple(_PATHS)), _numbers),
    st.builds(Move, st.just("pass"), minutes=st.sampled_from((1, 10, 60, 600, 1500))),
    st.just(Move("recover")),
    st.builds(
        Move,
        st.just("die"),
        during=st.sampled_from(("episode", "activity", "entity", "function")),
        nth=st.integers(1, 8),
        when=st.sampled_from(("before", "after")),
    ),
)
_lives = st.builds(
    Life,
    # Something is placed in every life, or there would be little for its death to interrupt.
    st.tuples(_placings, st.lists(_moves, max_size=8)).map(lambda moves: (moves[0], *moves[1])),
    st.integers(1, _MAX_COMMITS),
    st.booleans(),
)

plans = st.builds(
    Plan,
    st.lists(_orders, min_size=1, max_size=_MAX_ORDERS).map(tuple),
    st.lists(_faults, max_size=4).map(tuple),
    st.lists(_lives, max_size=4).map(tuple),
    st.sampled_from(("after_shipping", "immediate")),
    st.sampled_from((1, 3)),
)
