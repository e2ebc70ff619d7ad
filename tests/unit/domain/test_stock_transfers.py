"""Units that move between the shards of a product: whatever is repeated, delayed or left half-way, none is lost or doubled."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule

from domain.catalogue.shards import shard_of
from domain.ids import stock_key
from domain.inventory import balancing, reservations, transfers
from domain.inventory.requests import (
    AcknowledgeRequest,
    CommitRequest,
    Given,
    GiveRequest,
    ReleaseRequest,
    ReserveRequest,
    TakeRequest,
)
from domain.inventory.stock import Stock
from domain.workflows.steps import Outcome

NOW = datetime(2026, 1, 1, tzinfo=UTC)
UNITS = 30
KEYS = [stock_key("mug", shard) for shard in range(3)]

keys = st.sampled_from(KEYS)
orders = st.sampled_from("abcdefgh")


class AnyOrderOfTransfers(RuleBasedStateMachine):
    """Shards whose messages come late, again and again, or never.

    A `take` is only sent as a `give` answered, an acknowledgement only after its `take`.
    """

    takes = Bundle("takes")
    arrived = Bundle("arrived")

    def __init__(self):
        super().__init__()
        self.shards = {KEYS[0]: Stock(available=UNITS)}

    def _state(self, key, changed):
        if changed is not None:
            self.shards[key] = Stock.from_state(changed.to_state()) or Stock()

    @rule(target=takes, source=keys, to=keys, wanted=st.integers(1, 9), is_known=st.booleans())
    def give(self, source, to, wanted, is_known):
        """is_known: whether the shard's last answer showed what has arrived there."""
        if source == to:
            return None
        received = self.shards.get(to, Stock()).received.get(source, 0) if is_known else 0
        changed, given = transfers.give(self.shards.get(source), GiveRequest(to=to, wanted=wanted, received=received))
        self._state(source, changed)
        return (source, to, given) if given.quantity else None

    @rule(target=arrived, transfer=takes)
    def take(self, transfer):
        if transfer is None:
            return None
        source, to, given = transfer
        changed, answer = transfers.take(
            self.shards.get(to), TakeRequest(source=source, number=given.number, quantity=given.quantity)
        )
        assert answer.outcome is Outcome.DONE
        self._state(to, changed)
        return transfer

    @rule(transfer=arrived)
    def acknowledge(self, transfer):
        if transfer is not None:
            source, to, given = transfer
            changed, _ = transfers.acknowledge(self.shards.get(source), AcknowledgeRequest(to=to, number=given.number))
            self._state(source, changed)

    @rule(order_id=orders, quantity=st.integers(1, 9))
    def reserve(self, order_id, quantity):
        key = stock_key("mug", shard_of(order_id, "mug", len(KEYS)))
        request = ReserveRequest(
            order_id=order_id, quantity=quantity, expires_at=NOW + timedelta(days=1), now=NOW, placed_at=NOW
        )
        self._state(key, reservations.reserve(self.shards.get(key), request)[0])

    @rule(order_id=orders, is_sold=st.booleans())
    def settle(self, order_id, is_sold):
        key = stock_key("mug", shard_of(order_id, "mug", len(KEYS)))
        stock = self.shards.get(key)
        if stock is not None and order_id in stock.reservations:
            quantity = stock.reservations[order_id]["quantity"]
            changed, _ = (
                reservations.commit(stock, CommitRequest(order_id=order_id, quantity=quantity, placed_at=NOW, now=NOW))
                if is_sold
                else reservations.release(stock, ReleaseRequest(order_id=order_id, now=NOW, placed_at=NOW))
            )
            self._state(key, changed)

    @rule(order_id=orders, quantity=st.integers(1, 9))
    def backorder(self, order_id, quantity):
        """Sell units of an order whose reservation is gone."""
        key = stock_key("mug", shard_of(order_id, "mug", len(KEYS)))
        stock = self.shards.get(key)
        if stock is not None and order_id not in stock.reservations:
            request = CommitRequest(order_id=order_id, quantity=quantity, placed_at=NOW, now=NOW)
            self._state(key, reservations.commit(stock, request)[0])

    @rule(target=takes, move=st.integers(0, 3))
    def move_to_backorder(self, move):
        """Send one of the moves that the timer would; it may have died over the others."""
        moves = balancing.moves_to_backorders(self.shards)
        return self._moved(moves[move]) if move < len(moves) else None

    def _moved(self, move):
        received = self.shards[move.to].received.get(move.source, 0)
        request = GiveRequest(to=move.to, wanted=move.quantity, received=received)
        changed, given = transfers.give(self.shards[move.source], request)
        self._state(move.source, changed)
        return (move.source, move.to, given) if given.quantity else None

    def teardown(self):
        """Let the timer run until it has nothing to do: no backorder is left that all available units would fill."""
        for _ in range(60):
            for source, to, transfer in transfers.open_transfers(self.shards):
                given = Given(number=transfer["number"], quantity=transfer["quantity"])
                self.acknowledge(self.take((source, to, given)))
            for move in balancing.moves_to_backorders(self.shards):
                self._moved(move)
        self.units_of_all_shards_balance()
        backordered = [units for stock in self.shards.values() for units in stock.backordered.values()]
        available = transfers.merged(self.shards).available
        assert all(units > available for units in backordered), self.shards

    @invariant()
    def units_of_all_shards_balance(self):
        product = transfers.merged(self.shards)
        assert product.available + product.reserved + product.sold == UNITS
        assert all(stock.available >= 0 for stock in self.shards.values())


TestAnyOrderOfTransfers = AnyOrderOfTransfers.TestCase


def test_a_transfer_that_was_left_half_way_is_the_next_one_that_the_shard_is_given():
    given, first = transfers.give(Stock(available=10), GiveRequest(to="mug.1", wanted=2))
    again, second = transfers.give(given, GiveRequest(to="mug.1", wanted=7))
    assert (again, second) == (given, first)
    assert (first.number, first.quantity) == (1, 5), "half of what is there, so that not every order needs a transfer"
    _, third = transfers.give(given, GiveRequest(to="mug.1", wanted=4, received=1))
    assert (third.number, third.quantity) == (2, 4)


def test_backorders_get_units_in_turn_the_oldest_of_each_shard_first():
    shards = {
        "mug": Stock(available=1, backordered={"a": 2, "b": 1}, sent={"mug.1": {"number": 1, "quantity": 0}}),
        "mug.1": Stock(available=0, backordered={"c": 3, "d": 9}),
        "mug.2": Stock(available=5),
    }
    assert moves_of(shards) == [("mug.2", "mug", 1), ("mug.2", "mug.1", 3), ("mug.2", "mug", 1)]
    shards["mug.2"] = Stock(available=2)
    assert moves_of(shards) == [("mug.2", "mug", 1), ("mug.2", "mug", 1)], "for c there are too few, and none is moved"


def moves_of(shards):
    return [tuple(move) for move in balancing.moves_to_backorders(shards)]


def test_units_on_their_way_to_a_backorder_are_not_moved_again():
    shards = {
        "mug": Stock(available=5, sent={"mug.1": {"number": 3, "quantity": 2}}),
        "mug.1": Stock(backordered={"a": 2}, received={"mug": 2}),
    }
    assert moves_of(shards) == []
    shards["mug.1"] = Stock(backordered={"a": 2}, received={"mug": 3})
    assert moves_of(shards) == [("mug", "mug.1", 2)]


def test_an_order_has_one_shard_and_orders_spread_over_all():
    chosen = [shard_of(f"o-{number}", "mug", 4) for number in range(400)]
    assert chosen == [shard_of(f"o-{number}", "mug", 4) for number in range(400)]
    assert all(70 < chosen.count(shard) < 130 for shard in range(4))
    assert shard_of("o-1", "mug", 1) == 0
