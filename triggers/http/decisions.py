"""The page behind the link in an approver's mail. Looking at it decides nothing, because programs that scan mails look too.

The link is the approver's proof: signed, running out, and good for one turn of one claim. So these two functions need no key.
"""

import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Annotated, Any, Final
from urllib.parse import parse_qs

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from adapters.rendering.texts import render
from domain.expenses.claim import EXPENSE_APPROVAL, ExpenseRequest
from domain.expenses.decision_link import DecisionLink, LinkExpired, LinkInvalid
from domain.ids import instance_id_of
from domain.orders.approval import ApprovalDecision, Decision
from domain.wire import Comment, Edge
from services.container import services
from triggers.http.support.expense_decisions import OpenTurn, bring, open_turn
from triggers.http.support.problems import Problem, answers_problems, conflict
from triggers.http.support.request_body import refuse_card_numbers, validated

bp = df.Blueprint()

DECISIONS: Final = "decisions"
_MOST_BYTES: Final = 16 * 1024
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


# What a person reads above the problem.
_HEADINGS: Final[Mapping[HTTPStatus, str]] = {
    HTTPStatus.FORBIDDEN: "This link does not work",
    HTTPStatus.GONE: "This link has run out",
    HTTPStatus.CONFLICT: "There is nothing left to decide",
}


class DecisionQuery(Edge):
    """token: of the link."""

    token: Annotated[str, Field(max_length=4_000)]


class DecisionForm(Edge):
    """What the page's form sends."""

    token: Annotated[str, Field(max_length=4_000)] = ""
    decision: Decision
    comment: Comment | None = None


Handler = Callable[..., Awaitable[func.HttpResponse]]


def answers_pages(handler: Handler) -> Handler:
    """Show a problem as a page: who follows a link has a browser."""

    @wraps(handler)
    async def answer(**bindings: Any) -> func.HttpResponse:
        try:
            return await handler(**bindings)
        except Problem as problem:
            subject = _HEADINGS.get(problem.status, "This did not work")
            return _page("decision_told.html", problem.status, subject=subject, told=problem.detail)

    return answer


@bp.route(route=DECISIONS, methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
@answers_pages
async def show_decision(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """The claim and a form. Changes nothing."""
    token = req.params.get("token", "")
    turn = await _turn_of(client, _read(token))
    claim = await _claim(client, turn.claim_id)
    subject = f"Expenses of {claim.employee_id}"
    return _page("decision.html", subject=subject, id=turn.claim_id, token=token, claim=claim, wait=turn.wait)


@bp.route(route=DECISIONS, methods=["POST"], auth_level=func.AuthLevel.ANONYMOUS)
@bp.durable_client_input(client_name="client")
@answers_problems
@answers_pages
async def take_decision(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Enter the decision of the form, once."""
    sent = _sent_form(req)
    # The token first: the form of a caller without one is not worth a look.
    link = _read(sent.pop("token", ""))
    refuse_card_numbers(sent)
    form = validated(DecisionForm, sent)
    decision = ApprovalDecision(decision=form.decision, approver=link.wait.approver, comment=form.comment)
    await bring(client, await _turn_of(client, link), decision)
    return _page(
        "decision_told.html", subject="Thank you", told=f"You have {decision.decision} the claim {link.claim_id}."
    )


def _sent_form(req: func.HttpRequest) -> dict[str, str]:
    """What the page's form sent, by field. Raises Problem: 415, 413, 400."""
    body = req.get_body()
    media_type = req.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/x-www-form-urlencoded":
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send the page's own form.")
    if len(body) > _MOST_BYTES:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "The form is too long.")
    try:
        sent = parse_qs(body.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        raise Problem(HTTPStatus.BAD_REQUEST, "not_a_form", "Send the page's own form.") from None
    return {name: values[0] for name, values in sent.items()}


def _read(token: str) -> DecisionLink:
    try:
        return services().decision_links.read(token, datetime.now(UTC))
    except LinkInvalid:
        raise Problem(HTTPStatus.FORBIDDEN, "link_invalid", "This link is not one of ours, or not whole.") from None
    except LinkExpired:
        raise Problem(HTTPStatus.GONE, "link_expired", "The time of this link has run out.") from None


async def _turn_of(client: df.DurableOrchestrationClient, link: DecisionLink) -> OpenTurn:
    """The turn that the link is for, if the claim is still in it."""
    turn = await open_turn(client, link.claim_id)
    if turn.wait.wait_id != link.wait.wait_id:
        raise conflict("not_waiting", "The claim has gone on to somebody else.")
    return turn


async def _claim(client: df.DurableOrchestrationClient, claim_id: str) -> ExpenseRequest:
    """What was handed in: the input of the claim's instance."""
    status = await client.get_status(instance_id_of(EXPENSE_APPROVAL, claim_id), show_input=True)
    given = status.input_
    return ExpenseRequest.model_validate((json.loads(given) if isinstance(given, str) else given)["request"])


def _page(name: str, status: HTTPStatus = HTTPStatus.OK, **facts: Any) -> func.HttpResponse:
    return func.HttpResponse(render(name, **facts), status_code=status, mimetype="text/html", headers=_HEADERS)
