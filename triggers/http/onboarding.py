"""Onboard users, and show each onboarding."""

from typing import ClassVar

import azure.durable_functions as df
import azure.functions as func

from domain.identity import Role
from domain.onboarding.user import USER_ONBOARDING, OnboardingRequest
from triggers.http.support.durable_view import DurableStatus, ViewQuery
from triggers.http.support.operation import operation
from triggers.http.support.owners import check_own_id
from triggers.http.support.request_body import read_body
from triggers.http.support.run_document import RunDocument
from triggers.http.support.workflows import WorkflowLinks, run_status, start_as_asked

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
    problems={409: "Another request has this id."},
)
async def onboard_user(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Onboard a user.

    Send an id or an Idempotency-Key: a repeat under the same name then changes nothing and gets the same answer.
    """
    return await start_as_asked(req, client, USER_ONBOARDING, read_body(req, OnboardingRequest), "onboarding")


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
