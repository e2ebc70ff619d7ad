"""What may be done with an order in its present state: what its document offers, and its page in the console."""

from enum import StrEnum

from domain.orders.late_start import START_ORDER
from domain.orders.order import CANCELLABLE, ENDS, OrderStatus
from domain.orders.recovery import why_not_started_again
from services.durable.instances import has_failed
from services.orders.document import OrderFacts
from services.orders.status import OrderView


class OrderAction(StrEnum):
    """What a person can do with an order."""

    DECIDE = "decide"
    CANCEL = "cancel"
    SETTLE = "settle"
    START_AGAIN = "start_again"
    RESEND_MAIL = "resend_mail"


def possible_actions(facts: OrderFacts) -> frozenset[OrderAction]:
    """Return what could succeed now. Another person may be faster: then the action is refused."""
    view = facts.view
    possible = {
        OrderAction.DECIDE: view.is_running and view.progress.status is OrderStatus.AWAITING_APPROVAL,
        OrderAction.CANCEL: _is_cancellable(view),
        OrderAction.SETTLE: _can_be_settled(facts),
        OrderAction.START_AGAIN: _can_be_started_again(view),
        OrderAction.RESEND_MAIL: facts.order is not None and not view.is_running and view.progress.status in ENDS,
    }
    return frozenset(action for action, is_possible in possible.items() if is_possible)


def _is_cancellable(view: OrderView) -> bool:
    row = view.row
    is_settled = row is not None and (row.cancellation is not None or row.course is not None)
    return view.is_running and view.progress.status in CANCELLABLE and not is_settled


def _can_be_settled(facts: OrderFacts) -> bool:
    has_stopped = facts.view.awaits_instance and facts.view.instance is not None
    return has_stopped or any(each.step != START_ORDER for each in facts.dead_letters or ())


def _can_be_started_again(view: OrderView) -> bool:
    if view.row is None or view.row.order is None:
        return False
    if view.awaits_instance:
        return has_failed(view.instance)
    return not view.is_running and why_not_started_again(view.row) is None
