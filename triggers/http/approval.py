"""Approve or reject orders above the threshold, and expense claims, by program. `triggers.http.decisions` has the page for people.

Who decides follows from the identity of the caller, or from the signed token in the link of the approver's mail; never from what
the body says. On expenses only the token's approver decides.
"""

from functools import partial
from http import HTTPStatus
from typing import Annotated, Any, Final

import azure.durable_functions as df
import azure.functions as func
from pydantic import Field

from domain.identity import EVERY_ROLE, Role
from domain.ids import EXPENSE_APPROVAL, instance_id_of
from domain.wire import VISIBLE_LINE, Comment, Edge, OneLine
from domain.workflows.decision import ApprovalDecision
from domain.workflows.decision_link import DecisionLink
from domain.workflows.decision_words import Decision, SaidDecision, said_decision
from services.expenses.decisions import decide_by_link
from services.input.documents import body_text, json_object, refuse_card_numbers, validated
from services.orders.approval import decide_order
from triggers.http.support.audited import audited_as
from triggers.http.support.callers import caller, doer, require
from triggers.http.support.decision_links import MAX_TOKEN_CHARS, link_of
from triggers.http.support.forms import form_fields
from triggers.http.support.links import OrderLinks, order_links
from triggers.http.support.operation import FORM, JSON, TEXT, operation
from triggers.http.support.problems import Problem, invalid_field
from triggers.http.support.request_body import check_media_type, read_body
from triggers.http.support.request_params import path_id, read_query
from triggers.http.support.responses import accepted
from triggers.http.support.workflows import WorkflowLinks, started_answer

bp = df.Blueprint()

_MAX_BODY_BYTES: Final = 16 * 1024
_FORM_IN_WORDS: Final = 'Must be "Approved" or "Rejected", true or false, or an object with one of them as decision'

Token = Annotated[str, Field(min_length=1, max_length=MAX_TOKEN_CHARS), VISIBLE_LINE]


class StatedDecision(Edge):
    """A decision as an object.

    Attributes:
        token: What the link in the approver's mail has after `token=`. It says who decides; expenses require it.
        approver: Ignored: who decides without a token follows from the identity of the caller.
    """

    decision: Decision
    token: Token | None = None
    approver: OneLine | None = None
    comment: Comment | None = None


class OrderDecision(Edge):
    """A decision on an order. approver: ignored, as who decides follows from the identity of the caller."""

    decision: Decision
    approver: OneLine | None = None
    comment: Comment | None = None


class ApprovalQuery(Edge):
    """The token, for a body that is no object."""

    token: Token | None = None


@operation(
    bp,
    "POST",
    "orders/{order_id}/approval",
    roles=frozenset({Role.APPROVER}),
    body=OrderDecision,
    answers={202: OrderLinks},
    problems={
        403: "The caller is no approver, or has placed the order.",
        409: "Another decision came first, the time to decide is over, or the order waits for no decision.",
    },
)
async def decide_approval(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Approve or reject an order that waits for a decision.

    The first decision counts. The same approver's same decision again changes nothing and gets the same answer. Above the
    second limit, an order waits for the approval of another approver as well.
    """
    order_id = path_id(req, "order_id")
    stated = read_body(req, OrderDecision)
    decision = ApprovalDecision(
        decision=stated.decision, approver=doer(stated.approver, "approver"), comment=stated.comment
    )
    await decide_order(client, order_id, decision)
    links = order_links(order_id)
    return accepted(links, links.statusQueryGetUri)


@operation(
    bp,
    "POST",
    "approve/{instance_id}",
    roles=EVERY_ROLE,
    body=StatedDecision,
    body_types=(JSON, TEXT),
    query=ApprovalQuery,
    answers={202: WorkflowLinks},
    problems={
        403: "The token is not that of a link for this order or claim, there is none and the caller is no approver, or the "
        "approver has placed the order or claimed the expenses.",
        404: "There is no such order or claim.",
        409: "Another decision came first, or the order or claim waits for another decision, or for none.",
        410: "The token has expired.",
        429: "Too many tokens from this address have failed.",
    },
)
async def approve_instance(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Approve or reject an order or an expense claim, by the id of its instance.

    The plain text `Approved` or `Rejected` is enough; a JSON text, true or false, and an object with the decision do as well. The
    first decision counts. The same approver's same decision again changes nothing and gets the same answer.
    """
    instance_id = path_id(req, "instance_id")
    said, token = _said(req)
    workflow, _, key = instance_id.rpartition(".")
    if token is None and workflow == EXPENSE_APPROVAL:
        raise invalid_field("token", "missing", "Must be what the link in the approver's mail has after token=")
    if token is None:
        require(Role.APPROVER)
        await decide_order(client, key, _decision(said, doer(said.approver or caller().name, "approver")))
        return started_answer("orders", key)
    if said.approver is not None:
        raise invalid_field("approver", "not_with_token", "Must be left out: the token says who decides")
    link = await link_of(req, token)
    if instance_id_of(link.workflow, link.key) != instance_id:
        raise Problem(HTTPStatus.FORBIDDEN, "link_invalid", "This token is for another order or claim.")
    act = partial(_decided, client, link, _decision(said, link.approver))
    return await audited_as("approve_instance", req, link.approver, ("link",), act)


async def _decided(
    client: df.DurableOrchestrationClient, link: DecisionLink, decision: ApprovalDecision
) -> func.HttpResponse:
    if link.workflow == EXPENSE_APPROVAL:
        await decide_by_link(client, link, decision)
        return started_answer("expenses", link.key)
    await decide_order(client, link.key, decision)
    return started_answer("orders", link.key)


def _said(req: func.HttpRequest) -> tuple[SaidDecision, str | None]:
    """Return the decision of the body, and the token of the body or the query. Raises Problem and RequestRefused."""
    token = read_query(req, ApprovalQuery).token
    if req.headers.get("content-type"):
        check_media_type(req, JSON, TEXT, FORM)
    value = _value(body_text(req.get_body(), _MAX_BODY_BYTES))
    refuse_card_numbers(value if isinstance(value, dict) else {"decision": value})
    said = said_decision(value)
    if said is None:
        raise invalid_field("decision", "not_a_decision", _FORM_IN_WORDS)
    if isinstance(value, dict) and value.get("token") is not None:
        token = validated(ApprovalQuery, {"token": value["token"]}).token
    return said, token


def _value(text: str) -> Any:
    """Return an object or a form as its fields, and anything else as it is."""
    if text.lstrip().startswith("{"):
        return json_object(text)
    # As `curl -d` sends it.
    fields = form_fields(text) if "=" in text else {}
    return fields or text


def _decision(said: SaidDecision, approver: str) -> ApprovalDecision:
    return validated(ApprovalDecision, {"decision": said.decision, "approver": approver, "comment": said.comment})
