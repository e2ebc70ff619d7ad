"""Hand in expenses, look at a claim, and withdraw it. `triggers.http.approval` and `triggers.http.decisions` decide on it.

Who withdraws follows from the caller's identity or a signed token, never from what the body says: the token is in the answer to the
claim.
"""

from typing import Annotated, Any, ClassVar

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.expenses.claim import ExpenseRequest, ExpenseTotal
from domain.identity import EVERY_ROLE, Role
from domain.ids import EXPENSE_APPROVAL
from domain.wire import VISIBLE_LINE, Comment, Edge
from domain.workflows.decision import ApprovalDecision
from domain.workflows.run import WorkflowProgress
from services.expenses.claims import claimant, hand_in, is_claimant
from services.expenses.decisions import withdraw_claim
from services.expenses.second_approval import claim_needs_two, first_claim_approver
from services.workflows.runs import RunView
from triggers.http.support.callers import caller
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.links import resource
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.request_params import path_id, unknown
from triggers.http.support.responses import accepted
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, chosen_key, run_status, started_answer

bp = df.Blueprint()


class ExpenseDocument(RunDocument):
    """An expense claim, and where it stands."""

    asked: ClassVar = ExpenseRequest

    request: ExpenseRequest | None


Token = Annotated[str, Field(min_length=1, max_length=2_000), VISIBLE_LINE]


class ExpenseLinks(WorkflowLinks):
    """A claim that was taken in.

    Attributes:
        withdrawal_token: Proves that the claimant withdraws the claim. None where the shop signs no links, and in the answer to a
            repeat under the same id, which anyone could send who has seen the claim. A repeat under an Idempotency-Key gets it.
    """

    withdrawal_token: str | None


class Withdrawal(Edge):
    """A claimant's withdrawal.

    Attributes:
        token: The `withdrawal_token` of the answer to the claim. Not needed by a caller whose sign-in name is the claim's address.
    """

    token: Token | None = None
    reason: Comment | None = None


@operation(
    bp,
    "POST",
    "expenses",
    roles=EVERY_ROLE,
    body=ExpenseRequest,
    takes_idempotency_key=True,
    answers={202: ExpenseLinks},
    problems={409: "Another claim has this id."},
)
async def claim_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Claim expenses.

    Send an id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer.
    """
    claim = read_body(req, ExpenseRequest)
    key = chosen_key(req, claim.id)
    token = await hand_in(client, key, claim, caller(), is_key_secret=claim.id is None)
    links = ExpenseLinks(id=key, statusQueryGetUri=resource("expenses", key), withdrawal_token=token)
    return accepted(links, links.statusQueryGetUri)


@operation(
    bp,
    "GET",
    "expenses/{id}",
    roles=EVERY_ROLE,
    query=ViewQuery,
    answers={200: (ExpenseDocument, DurableStatus), 202: (ExpenseDocument, DurableStatus)},
)
async def get_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return an expense claim.

    The status is 202 while the claim is open and 200 when it has ended.
    """
    reads_all = caller().has(Role.APPROVER, Role.OPERATOR, Role.AUDITOR)
    if not reads_all and not await is_claimant(client, path_id(req, "id"), caller()):
        raise unknown("id")
    return await run_status(req, client, EXPENSE_APPROVAL, "expenses", ExpenseDocument, fresh=_approvals, links=_links)


@operation(
    bp,
    "POST",
    "expenses/{id}/withdrawal",
    roles=EVERY_ROLE,
    body=Withdrawal,
    answers={202: WorkflowLinks},
    problems={403: "The token is not that of the claim.", 409: "The claim waits for no decision."},
)
async def withdraw_expenses(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Withdraw an expense claim that is not decided yet.

    A repeat changes nothing and gets the same answer.
    """
    key = path_id(req, "id")
    withdrawal = read_body(req, Withdrawal)
    who = await claimant(client, key, withdrawal.token, caller())
    decision = ApprovalDecision(decision="rejected", approver=who, comment=withdrawal.reason)
    await withdraw_claim(client, key, decision)
    return started_answer("expenses", key)


def _approvals(progress: WorkflowProgress) -> dict[str, Any]:
    """Return how far a claim is that waits for two approvers."""
    if progress.status != "running" or progress.detail.get("wait") is None:
        return {}
    if not claim_needs_two(ExpenseTotal.model_validate(each) for each in progress.detail.get("totals", ())):
        return {}
    return {"approvers_needed": 2, "first_approver": first_claim_approver(progress.id)}


def _links(view: RunView) -> dict[str, str]:
    waits = view.progress.status == "running" and view.progress.detail.get("wait") is not None
    return {"withdrawal": resource("expenses", view.key, "withdrawal")} if waits else {}
