"""The part of the table of operations that belongs to expenses and to following parcels."""

from typing import Final

from domain.expenses.claim import ExpenseRequest
from domain.orders.approval import ApprovalDecision, CancellationRequest
from triggers.http.decisions import DECISIONS, DecisionForm, DecisionQuery
from triggers.http.expenses import APPROVE, EXPENSE, EXPENSES, WITHDRAWAL
from triggers.http.shipments import SHIPMENT, TRACKING_NEWS, NewsTaken
from triggers.http.support.operation import BODY, Operation
from triggers.http.support.workflows import WorkflowAnswer, WorkflowLinks

EXPENSE_OPERATIONS: Final = (
    Operation(
        method="POST",
        route=EXPENSES,
        name="claim_expenses",
        summary="Hand in expenses. Repeating it under its id or Idempotency-Key changes nothing.",
        body=ExpenseRequest,
        takes_idempotency_key=True,
        answers={202: WorkflowLinks},
        problems=(*BODY, 409),
    ),
    Operation(
        method="GET",
        route=EXPENSE,
        name="get_expenses",
        summary="Where a claim stands: 202 while it is open, 200 at the end.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=WITHDRAWAL,
        name="withdraw_expenses",
        summary="Take a claim back that nobody has decided on.",
        body=CancellationRequest,
        answers={202: WorkflowLinks},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="POST",
        route=APPROVE,
        name="decide_expenses",
        summary="Approve or reject the expenses of an instance. The first decision counts.",
        body=ApprovalDecision,
        answers={202: WorkflowLinks},
        problems=(*BODY, 404, 409),
    ),
    Operation(
        method="GET",
        route=DECISIONS,
        name="show_decision",
        summary="The page behind the link in an approver's mail. Changes nothing.",
        query=DecisionQuery,
        answers={200: None, 403: None, 404: None, 409: None, 410: None},
        answer_type="text/html",
        needs_key=False,
    ),
    Operation(
        method="POST",
        route=DECISIONS,
        name="take_decision",
        summary="The form of that page: decide, once.",
        body=DecisionForm,
        body_type="application/x-www-form-urlencoded",
        answers=dict.fromkeys((200, 403, 404, 409, 410, 413, 415, 422)),
        answer_type="text/html",
        needs_key=False,
    ),
    Operation(
        method="GET",
        route=SHIPMENT,
        name="get_shipment",
        summary="Where an order's parcel is, by the order's id: 202 while it is watched, 200 when its way has ended.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
    Operation(
        method="POST",
        route=TRACKING_NEWS,
        name="take_tracking_news",
        summary="The carrier's webhook, signed by it.",
        answers={200: NewsTaken},
        problems=(401, 413),
        needs_key=False,
    ),
)
