"""One order: what was ordered, where it stands, how it came there, and what can be done with it."""

import asyncio
from collections.abc import Sequence
from typing import Final

import azure.functions as func

from console.web.page import ORDER_READERS, page
from console.web.timeline import timeline, what_follows
from console.web.visit import Visit
from domain.errors import StorageUnavailable
from domain.identity import Role
from domain.ids import PROCESS_ORDER
from domain.orders.document import ordered_lines, parcel_of, payment_of
from domain.workflows.dead_letter import DeadLetter
from services.container import services
from services.orders.document import OrderFacts, order_facts
from services.orders.messages import mails_of
from services.orders.possible import OrderAction, possible_actions
from services.orders.related_runs import related_runs
from services.payments.dashboard import dashboard_address
from services.shipping.dashboard import shipments_address

ROLE_OF: Final = {
    OrderAction.DECIDE: Role.APPROVER,
    OrderAction.CANCEL: Role.OPERATOR,
    OrderAction.SETTLE: Role.OPERATOR,
    OrderAction.START_AGAIN: Role.OPERATOR,
    OrderAction.RESEND_MAIL: Role.OPERATOR,
}
_READERS_OF_RUNS: Final = (Role.OPERATOR, Role.AUDITOR)
_DONE: Final = {
    "decide": "The decision is recorded. The order goes on by it.",
    "first_approval": "The approval is recorded. The order needs another approver's as well.",
    "cancel": "The cancellation is recorded. How the order ends shows whether it came in time.",
    "settle": "What was open is being replayed. This page shows how it ends.",
    "start_again": "The order was started again.",
    "resend_mail": "The mail is on its way to the customer.",
}


@page("GET", "orders/{order_id}", roles=ORDER_READERS)
async def show_order(visit: Visit) -> func.HttpResponse:
    """Show an order. `done` in the query is the action that led here."""
    facts = await order_facts(visit.client, visit.id("order_id"))
    view, order = facts.view, facts.order
    progress, tracking = view.progress, None if view.row is None else view.row.tracking
    records, runs = await asyncio.gather(asyncio.to_thread(_dead_letters, view.order_id), related_runs(facts))
    payment = None if order is None else payment_of(order, progress.steps, progress.step)
    return visit.show(
        "order.html",
        view=view,
        order=order,
        progress=progress,
        cancellation=None if view.row is None else view.row.cancellation,
        lines=() if order is None else ordered_lines(order),
        payment=payment,
        dashboard=None if payment is None else dashboard_address(payment.provider, payment.payment_id),
        parcel=parcel_of(progress.steps, tracking),
        shipments=shipments_address(),
        approval=facts.approval,
        moments=timeline(progress, order, is_running=view.is_running),
        follows=what_follows(progress),
        dead_letters=records,
        mails=await mails_of(facts, records),
        runs=runs,
        may_read_runs=visit.caller is not None and visit.caller.has(*_READERS_OF_RUNS),
        actions=_offered(visit, facts),
        done=_DONE.get(visit.request.params.get("done", "")),
    )


def _offered(visit: Visit, facts: OrderFacts) -> frozenset[str]:
    """Return the actions that the order's state and the caller's roles allow."""
    roles = visit.caller.roles if visit.caller is not None else frozenset()
    return frozenset(action for action in possible_actions(facts) if ROLE_OF[action] in roles)


def _dead_letters(order_id: str) -> Sequence[DeadLetter] | None:
    """Return every record of the order; None while their store does not answer: the rest of the page is worth showing."""
    try:
        return services().dead_letters.of_run(PROCESS_ORDER, order_id)
    except StorageUnavailable:
        return None
