"""Show an approver the page behind the link in the mail, and record the decision.

Opening the page decides nothing, because programs that scan mails open links too. The link is the approver's proof: it is signed,
it expires, and it is valid for one wait of one order or claim. So these two operations need no key.
"""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.ids import PROCESS_ORDER
from domain.wire import Comment, Edge
from domain.workflows.decision import ApprovalDecision
from domain.workflows.decision_link import DecisionLink
from domain.workflows.decision_words import Decision
from services.expenses.decisions import claim_of, decide_by_link, open_turn_of
from services.input.documents import refuse_card_numbers, validated
from services.orders.approval import decide_order, order_to_decide
from triggers.http.support.access import ANYONE
from triggers.http.support.audited import audited_as
from triggers.http.support.decision_links import link_of
from triggers.http.support.forms import form_fields
from triggers.http.support.operation import FORM, PAGE, operation
from triggers.http.support.pages import PAGE_HEADERS, answers_pages, page
from triggers.http.support.problems import Problem

bp = df.Blueprint()

_MAX_FORM_BYTES: Final = 16 * 1024


class DecisionQuery(Edge):
    """The query of the page: the token of the link."""

    token: Annotated[str, Field(max_length=4_000)]


class DecisionForm(Edge):
    """The form of the page."""

    token: Annotated[str, Field(max_length=4_000)] = ""
    decision: Decision
    comment: Comment | None = None


@operation(
    bp,
    "GET",
    "decisions",
    roles=ANYONE,
    query=DecisionQuery,
    answers={200: None},
    answer_type=PAGE,
    problems={
        403: "The link is invalid.",
        404: "The order or claim is unknown.",
        409: "The order or claim waits for another decision, or for none.",
        410: "The link has expired.",
        429: "Too many links from this address have failed.",
    },
    problem_type=PAGE,
    headers=PAGE_HEADERS,
)
@answers_pages
async def show_decision(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Show the page behind the link in an approver's mail.

    It changes nothing, because programs that scan mails open links too.
    """
    token = req.params.get("token", "")
    link = await link_of(req, token)
    if link.workflow == PROCESS_ORDER:
        order = (await order_to_decide(client, link)).row
        return page("order_decision.html", subject=f"Order {link.key}", token=token, link=link, order=order)
    await open_turn_of(client, link)
    claim = await claim_of(client, link.key)
    subject = f"Expenses of {claim.employee_id}"
    return page("claim_decision.html", subject=subject, token=token, link=link, claim=claim)


@operation(
    bp,
    "POST",
    "decisions",
    roles=ANYONE,
    body=DecisionForm,
    body_types=(FORM,),
    answers={200: None},
    answer_type=PAGE,
    problems={
        403: "The link is invalid.",
        404: "The order or claim is unknown.",
        409: "Another decision came first, or the order or claim waits for none.",
        410: "The link has expired.",
        429: "Too many links from this address have failed.",
    },
    problem_type=PAGE,
    headers=PAGE_HEADERS,
)
@answers_pages
async def take_decision(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Record the decision that the page's form sends.

    The first decision counts. The same one again changes nothing and gets the same page.
    """
    sent = _sent_form(req)
    # The token comes first: without a valid one, the rest of the form is not read.
    link = await link_of(req, sent.pop("token", ""))
    refuse_card_numbers(sent)
    form = validated(DecisionForm, sent)
    decision = ApprovalDecision(decision=form.decision, approver=link.approver, comment=form.comment)
    act = partial(_decided, client, link, decision)
    return await audited_as("take_decision", req, link.approver, ("link",), act)


async def _decided(
    client: df.DurableOrchestrationClient, link: DecisionLink, decision: ApprovalDecision
) -> func.HttpResponse:
    """Record a decision, and return the page that thanks for it."""
    what = "order" if link.workflow == PROCESS_ORDER else "claim"
    message = f"You have {decision.decision} the {what} {link.key}."
    if link.workflow == PROCESS_ORDER:
        is_decided = await decide_order(client, link.key, decision)
    else:
        is_decided = await decide_by_link(client, link, decision)
    if not is_decided:
        message += " It is above the limit of one approver, and waits for the approval of another."
    return page("decision_answer.html", subject="Thank you", message=message)


def _sent_form(req: func.HttpRequest) -> dict[str, str]:
    """Return what the page's form sent, by field. Raises Problem: 415, 413, 400."""
    body = req.get_body()
    media_type = req.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "Send the page's own form.")
    if len(body) > _MAX_FORM_BYTES:
        raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "body_too_large", "The form is too long.")
    return form_fields(body.decode("utf-8", "replace"))
