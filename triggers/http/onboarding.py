"""Onboard users, and show each onboarding."""

import azure.durable_functions as df
import azure.functions as func

from domain.onboarding.user import USER_ONBOARDING, OnboardingRequest
from triggers.http.support.operation import operation
from triggers.http.support.request_body import read_body
from triggers.http.support.workflows import WorkflowAnswer, WorkflowLinks, run_status, start_as_asked

bp = df.Blueprint()


@operation(
    bp,
    "POST",
    "onboarding",
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
    answers={200: WorkflowAnswer, 202: WorkflowAnswer},
)
async def get_onboarding(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """Return the onboarding of a user.

    The status is 202 while it goes on and 200 when it has ended.
    """
    return await run_status(req, client, USER_ONBOARDING, "onboarding")
