"""Hand in expenses, look at a claim, withdraw it, and decide on it by JSON. `triggers.http.decisions` has the page for people."""

from typing import Annotated, Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.expenses.claim import EXPENSE_APPROVAL, ExpenseRequest
from domain.orders.approval import ApprovalDecision, CancellationRequest
from domain.workflows.run import WorkflowKey
from triggers.http.support.expense_decisions import bring, open_turn
from triggers.http.support.problems import answers_problems
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id
from triggers.http.support.workflows import run_status, start_as_asked, started_answer

bp = df.Blueprint()

EXPENSES: Final = "expenses"
EXPENSE: Final = "expenses/{id}"
WITHDRAWAL: Final = "expenses/{id}/withdrawal"
APPROVE: Final = "approve/{instance_id}"

ExpenseInstanceId = Annotated[str, Field(pattern=rf"^{EXPENSE_APPROVAL}\.[A-Za-z0-9][A-Za-z0-9_-]{{0,63}}$")]


@bp.route(route=EXPENSES, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def claim_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for a new claim and for each repeat of it; 409 when the id belongs to another one."""
    return await start_as_asked(req, client, EXPENSE_APPROVAL, read_body(req, ExpenseRequest), EXPENSES)


@bp.route(route=EXPENSE, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 while the claim is open, 200 when it has ended, in whatever way."""
    return await run_status(req, client, EXPENSE_APPROVAL, EXPENSE, EXPENSES)


@bp.route(route=WITHDRAWAL, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def withdraw_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 while nobody has decided, 409 after that."""
    key = path_id(req, "id", WorkflowKey)
    wish = read_body(req, CancellationRequest)
    decision = ApprovalDecision(decision="rejected", approver=wish.requested_by, comment=wish.reason)
    await bring(client, await open_turn(client, key), decision, withdrawn=True)
    return started_answer(req, WITHDRAWAL, EXPENSES, key)


@bp.route(route=APPROVE, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def decide_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for the decision that counts; 409 for any other, or when the claim waits for none. Needs a key of the app."""
    key = path_id(req, "instance_id", ExpenseInstanceId).partition(".")[2]
    decision = read_body(req, ApprovalDecision)
    await bring(client, await open_turn(client, key), decision)
    return started_answer(req, APPROVE, EXPENSES, key)
