"""Steps of an order that one activity takes, one after the other, and what came of them.

An activity costs an order two episodes' worth of messages, history and log lines. So steps between which nothing has to be
written down share one: each of them is keyed by the order, or by what is known before the first of them begins.
"""

from typing import Final

from domain.orders.order import OrderProgress, OrderStatus
from domain.orders.steps import AUTHORISE_PAYMENT, BUY_LABEL, RESERVE_INVENTORY
from domain.wire import Wire
from domain.workflows.commands import Command
from domain.workflows.steps import LedgerEntry, StepResult, StepUnderWay

MILESTONES: Final = {
    RESERVE_INVENTORY: (OrderStatus.RESERVED, "The goods are reserved."),
    AUTHORISE_PAYMENT: (OrderStatus.AUTHORISED, "The payment is authorised."),
    BUY_LABEL: (OrderStatus.SHIPPING_BOOKED, "The parcel is booked."),
}
"""The status that an order has after a step, and its message."""


class StepsInTurn(Wire):
    """Take steps in turn, until one of them is not done.

    Attributes:
        commands: Each bears the name of its step.
        progress: Where the order stands before the first.
    """

    commands: tuple[Command, ...]
    progress: OrderProgress


class StepTaken(Wire):
    """What came of one of the steps.

    Attributes:
        answer: None when there was none, so that whether it took effect is unknown.
        unanswered: Why there was none, in one line without private data.
    """

    answer: StepResult | None = None
    unanswered: str | None = None


class StepsTaken(Wire):
    """What came of the steps, by their names. Those after one that is not done were not begun."""

    steps: dict[str, StepTaken]


def after_step(progress: OrderProgress, done: LedgerEntry, following: str) -> OrderProgress:
    """Return where an order stands once a step is done and the following one begins."""
    status, message = MILESTONES.get(done.step, (progress.status, progress.message))
    return progress.model_copy(
        update={
            "status": status,
            "message": message,
            "steps": (*progress.steps, done),
            "step": StepUnderWay(name=following),
        }
    )
