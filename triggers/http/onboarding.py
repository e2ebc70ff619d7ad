"""Onboard users, and show each onboarding."""

from http import HTTPStatus
from typing import ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.onboarding.user import USER_ONBOARDING, OnboardingRequest
from services.workflows.runs import start_once
from triggers.http.support.callers import customer_scope
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.operation import operation
from triggers.http.support.owners import check_own_id
from triggers.http.support.problems import Problem
from triggers.http.support.request_body import read_body
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, run_status, start_as_asked, started_answer

bp = df.Blueprint()


class OnboardingDocument(RunDocument):
    """The onboarding of a user, and how far it is."""

    asked: ClassVar = OnboardingRequest

    request: OnboardingRequest | None


@operation(
    bp,
    "POST",
    "onboarding",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR}),
    body=OnboardingRequest,
    takes_idempotency_key=True,
    answers={202: WorkflowLinks},
    problems={
        403: "A storefront onboards the customer that it speaks for, and no other.",
        409: "Another request has this id.",
    },
)
async def onboard_user(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Onboard a user.

    Send an id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer. What a storefront
    starts has the id of its customer, and no other.
    """
    asked = read_body(req, OnboardingRequest)
    customer_id = customer_scope(Role.OPERATOR)
    if customer_id is None:
        return await start_as_asked(req, client, USER_ONBOARDING, asked, "onboarding")
    if asked.id not in (None, customer_id):
        detail = "id must be the customer that X-Customer-Id names, or be left out."
        raise Problem(HTTPStatus.FORBIDDEN, "other_customer", detail)
    await start_once(client, USER_ONBOARDING, customer_id, asked)
    return started_answer("onboarding", customer_id)


@operation(
    bp,
    "GET",
    "onboarding/{id}",
    roles=frozenset({Role.STOREFRONT, Role.OPERATOR, Role.AUDITOR}),
    query=ViewQuery,
    answers={200: (OnboardingDocument, DurableStatus), 202: (OnboardingDocument, DurableStatus)},
)
async def get_onboarding(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return the onboarding of a user.

    The status is 202 while it goes on and 200 when it has ended.
    """
    check_own_id(req, Role.OPERATOR, Role.AUDITOR)
    return await run_status(req, client, USER_ONBOARDING, "onboarding", OnboardingDocument)
