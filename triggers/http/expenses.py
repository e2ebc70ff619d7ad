"""Claim expenses, show, withdraw and decide claims. `triggers.http.decisions` has the page for approvers."""

import azure.durable_functions as df
import azure.functions as func

from domain.expenses.claim import EXPENSE_APPROVAL, ExpenseRequest
from domain.orders.approval import ApprovalDecision, CancellationRequest
from services.expense_decisions import decide_claim, open_turn
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.workflows import WorkflowAnswer, WorkflowLinks, run_status, start_as_asked, started_answer

bp = df.Blueprint()


@operation(
    bp,
    "POST",
    "expenses",
    body=ExpenseRequest,
    takes_idempotency_key=True,
    answers={202: WorkflowLinks},
    problems={409: "Another claim has this id."},
)
async def claim_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Claim expenses.

    Send an id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer.
    """
    return await start_as_asked(req, client, EXPENSE_APPROVAL, read_body(req, ExpenseRequest), "expenses")


@operation(
    bp,
    "GET",
    "expenses/{id}",
    answers={200: WorkflowAnswer, 202: WorkflowAnswer},
)
async def get_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return an expense claim.

    The status is 202 while the claim is open and 200 when it has ended.
    """
    return await run_status(req, client, EXPENSE_APPROVAL, "expenses")


@operation(
    bp,
    "POST",
    "expenses/{id}/withdrawal",
    body=CancellationRequest,
    answers={202: WorkflowLinks},
    problems={409: "The claim waits for no decision."},
)
async def withdraw_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Withdraw an expense claim that is not decided yet."""
    key = path_id(req, "id")
    withdrawal = read_body(req, CancellationRequest)
    decision = ApprovalDecision(decision="rejected", approver=withdrawal.requested_by, comment=withdrawal.reason)
    await decide_claim(client, await open_turn(client, key), decision, withdrawn=True)
    return started_answer("expenses", key)


@operation(
    bp,
    "POST",
    "approve/{instance_id}",
    body=ApprovalDecision,
    answers={202: WorkflowLinks},
    problems={409: "Another decision came first, the time to decide is over, or the claim waits for no decision."},
)
async def decide_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Approve or reject an expense claim.

    The first decision counts.
    """
    key = path_id(req, "instance_id").partition(".")[2]
    decision = read_body(req, ApprovalDecision)
    await decide_claim(client, await open_turn(client, key), decision)
    return started_answer("expenses", key)
