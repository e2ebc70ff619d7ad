"""Take in new users, and show how far each has got."""

from typing import Final

import azure.durable_functions as df
import azure.functions as func

from domain.onboarding.user import USER_ONBOARDING, OnboardingRequest
from triggers.http.support.problems import answers_problems
from triggers.http.support.request_body import read_body
from triggers.http.support.workflows import run_status, start_as_asked

bp = df.Blueprint()

ONBOARDINGS: Final = "onboarding"
ONBOARDING: Final = "onboarding/{id}"


@bp.route(route=ONBOARDINGS, methods=["POST"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def onboard_user(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 for a new run and for each repeat of it; 409 when the id belongs to another one."""
    return await start_as_asked(req, client, USER_ONBOARDING, read_body(req, OnboardingRequest), ONBOARDINGS)


@bp.route(route=ONBOARDING, methods=["GET"])
@bp.durable_client_input(client_name="client")
@answers_problems
async def get_onboarding(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    """202 while the run goes on, 200 when it has ended, in whatever way."""
    return await run_status(req, client, USER_ONBOARDING, ONBOARDING, ONBOARDINGS)
