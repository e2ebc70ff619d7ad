"""What a person does with an order. Each is the use case of the API; of two persons at once, the second reads that on a page."""

from datetime import UTC, datetime

import azure.functions as func

from console.web.page import page
from console.web.rendering import address
from console.web.visit import Visit
from domain.identity import Role
from domain.ids import PROCESS_ORDER
from domain.refusals import Conflict
from domain.wire import Comment, Edge
from domain.workflows.cancellation import CancellationRequest
from domain.workflows.decision import ApprovalDecision
from domain.workflows.decision_words import Decision
from services.mail.resending import resend_end
from services.orders.approval import decide_order
from services.orders.cancellation import request_cancellation
from services.orders.possible import OrderAction
from services.recovery.settlement import settle
from services.recovery.starting_again import Wish, start_run_again
from triggers.http.support.callers import caller

_OPERATORS = frozenset({Role.OPERATOR})


class DecisionForm(Edge):
    """An approver's decision."""

    decision: Decision
    comment: Comment | None = None


class CancellationForm(Edge):
    """Why an order is cancelled."""

    reason: Comment | None = None


class NoFields(Edge):
    """A form that is a button alone."""


@page("POST", "orders/{order_id}/decide", roles=frozenset({Role.APPROVER}))
async def decide_in_console(visit: Visit) -> func.HttpResponse:
    """Approve or reject an order."""
    order_id, form = visit.id("order_id"), visit.form(DecisionForm)
    decision = ApprovalDecision(decision=form.decision, approver=caller().name, comment=form.comment)
    is_decided = await decide_order(visit.client, order_id, decision)
    return _back(visit, order_id, OrderAction.DECIDE if is_decided else "first_approval")


@page("POST", "orders/{order_id}/cancel", roles=_OPERATORS)
async def cancel_in_console(visit: Visit) -> func.HttpResponse:
    """Cancel an order."""
    order_id, form = visit.id("order_id"), visit.form(CancellationForm)
    request = CancellationRequest(requested_by=caller().name, reason=form.reason)
    await request_cancellation(visit.client, order_id, request)
    return _back(visit, order_id, OrderAction.CANCEL)


@page("POST", "orders/{order_id}/settle", roles=_OPERATORS)
async def settle_in_console(visit: Visit) -> func.HttpResponse:
    """Replay everything that is open of an order."""
    order_id = visit.id("order_id")
    visit.form(NoFields)
    await settle(visit.client, PROCESS_ORDER, order_id)
    return _back(visit, order_id, OrderAction.SETTLE)


@page("POST", "orders/{order_id}/start_again", roles=_OPERATORS)
async def start_again_in_console(visit: Visit) -> func.HttpResponse:
    """Start an order again that has stopped, without waiting for its next try."""
    order_id = visit.id("order_id")
    visit.form(NoFields)
    wish = Wish(requested_by=caller().name, is_named=True, now=datetime.now(UTC))
    recovered = await start_run_again(visit.client, PROCESS_ORDER, order_id, wish)
    if recovered.reason is not None:
        raise Conflict(recovered.reason, recovered.detail or "The order stays as it is.")
    return _back(visit, order_id, OrderAction.START_AGAIN)


@page("POST", "orders/{order_id}/resend_mail", roles=_OPERATORS)
async def resend_mail_in_console(visit: Visit) -> func.HttpResponse:
    """Send the customer the mail about the order's end once more."""
    order_id = visit.id("order_id")
    visit.form(NoFields)
    await resend_end(order_id)
    return _back(visit, order_id, OrderAction.RESEND_MAIL)


def _back(visit: Visit, order_id: str, done: str) -> func.HttpResponse:
    return visit.go_to(address(f"orders/{order_id}", done=done))
