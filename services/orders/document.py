"""Gather what the document of one order shows, from wherever it is kept.

The goods come from the order's row: it has them also when the instance was purged long ago. Only an order that was started past
the repository is read from its instance.
"""

import asyncio
from dataclasses import dataclass

from pydantic import ValidationError

from domain.cards import holds_card_number
from domain.ids import PROCESS_ORDER, order_instance_id
from domain.orders.approval import approval_wait_id
from domain.orders.document import KnownApproval, OrderApproval, approval_of
from domain.orders.order import Order
from domain.workflows.dead_letter import DeadLetter
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import stored_input
from services.open_dead_letters import known_open
from services.orders.second_limit import first_approver
from services.orders.status import OrderView, view_order
from services.two_approvers import needs_two


@dataclass(frozen=True, kw_only=True)
class OrderFacts:
    """What is known of an order.

    Attributes:
        view: Where it stands.
        order: What was ordered; None where an instance past the repository does not show it.
        known: What is recorded of its approval.
        dead_letters: What is open, once the order has ended; None while their store does not answer.
    """

    view: OrderView
    order: Order | None
    known: KnownApproval
    dead_letters: tuple[DeadLetter, ...] | None

    @property
    def approval(self) -> OrderApproval | None:
        """The approval of the order; None where it needs none, or is not known."""
        progress = self.view.progress
        return None if self.order is None else approval_of(self.order, progress.steps, progress.approval, self.known)


async def order_facts(client: DurableClient, order_id: str) -> OrderFacts:
    """Return what is known of an order.

    Raises:
        OrderNotFound: There is none of this id.
        StorageUnavailable: The same request may be sent again.
    """
    view = await view_order(client, order_id)
    order = await _order(client, view)
    known, dead_letters = await asyncio.gather(asyncio.to_thread(_approval, order), _open_dead_letters(view))
    return OrderFacts(view=view, order=order, known=known, dead_letters=dead_letters)


async def _order(client: DurableClient, view: OrderView) -> Order | None:
    if view.row is not None and view.row.order is not None:
        return view.row.order
    given = None if view.instance is None else await stored_input(client, order_instance_id(view.order_id))
    try:
        # It has passed none of the shop's doors.
        return None if given is None or holds_card_number(given) else Order.model_validate(given)
    except ValidationError:
        return None


def _approval(order: Order | None) -> KnownApproval:
    if order is None or not order.needs_approval:
        return KnownApproval()
    decision = services().approvals.decision(order.order_id, approval_wait_id(order.order_id))
    if decision is not None or not needs_two(order.total_cents, order.currency):
        return KnownApproval(decision)
    return KnownApproval(needs_two=True, first_approver=first_approver(order.order_id))


async def _open_dead_letters(view: OrderView) -> tuple[DeadLetter, ...] | None:
    # While an order runs it has none, unless it could not even be started.
    if view.is_running and view.progress.reason_code is None:
        return ()
    return await known_open(PROCESS_ORDER, view.order_id)
