"""Orders that a product has forgotten: whatever is repeated or late, none is reserved again after its reservation was settled."""

from datetime import UTC, datetime, timedelta
from unittest import mock

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, rule

from domain.inventory import reservations, stock
from domain.inventory.requests import CommitRequest, ReleaseRequest, ReserveRequest
from domain.inventory.stock import SETTLEMENT_FORGOTTEN, Stock
from domain.workflows.steps import Outcome

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)

orders = st.sampled_from("ab")


class AnyOrderOfProofs(RuleBasedStateMachine):
    """Instances of a few orders, each of which asks for a proof, looks its record up, and shows it, as late as it likes.

    A record has the order's end before the stock has.
    """

    refusals = Bundle("refusals")
    proofs = Bundle("proofs")

    def __init__(self):
        super().__init__()
        self.memory = mock.patch.multiple(stock, MAX_SETTLEMENTS=2, MAX_IN_QUESTION=2)
        self.memory.start()
        self.stock = Stock(available=1_000)
        self.ended, self.settled, self.others = set[str](), set[str](), 0
        self.others_end(3)

    def teardown(self):
        self.memory.stop()

    def _reserve(self, order_id, unsettled_at=None):
        request = ReserveRequest(
            order_id=order_id, quantity=1, expires_at=LATER, now=NOW, placed_at=NOW, unsettled_at=unsettled_at
        )
        changed, answer = reservations.reserve(self.stock, request)
        self._keep(changed)
        assert not (answer.outcome is Outcome.DONE and order_id in self.settled), order_id
        return (order_id, answer.settlements) if answer.reason_code == SETTLEMENT_FORGOTTEN else multiple()

    def _keep(self, changed):
        self.stock = Stock.from_state(changed.to_state()) or Stock()

    @rule(target=refusals, order_id=orders)
    def reserve(self, order_id):
        return self._reserve(order_id)

    @rule(target=proofs, refusal=consumes(refusals))
    def look_up(self, refusal):
        return refusal if refusal[0] not in self.ended else multiple()

    @rule(target=refusals, proof=proofs)
    def reserve_by_proof(self, proof):
        return self._reserve(*proof)

    @rule(order_id=orders)
    def end(self, order_id):
        """Record the end of an order; its stock settles it later."""
        self.ended.add(order_id)

    @rule(order_id=orders, is_sold=st.booleans())
    def settle(self, order_id, is_sold):
        self.ended.add(order_id)
        if is_sold and order_id in self.stock.reservations:
            request = CommitRequest(order_id=order_id, quantity=1, placed_at=NOW, now=NOW)
            self._keep(reservations.commit(self.stock, request)[0])
        else:
            self._keep(reservations.release(self.stock, ReleaseRequest(order_id=order_id, now=NOW, placed_at=NOW))[0])
        self.settled.add(order_id)

    @rule(count=st.integers(1, 4))
    def others_end(self, count):
        for _ in range(count):
            self.others += 1
            request = ReleaseRequest(order_id=f"other-{self.others}", now=LATER, placed_at=LATER)
            self._keep(reservations.release(self.stock, request)[0])


TestAnyOrderOfProofs = AnyOrderOfProofs.TestCase
TestAnyOrderOfProofs.settings = settings(max_examples=60, stateful_step_count=30)
