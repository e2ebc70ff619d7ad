"""The part of the table of operations that belongs to the workflows other than the order's."""

from typing import Final

from domain.onboarding import OnboardingRequest
from http_api.onboarding import ONBOARDING, ONBOARDINGS
from http_api.operation import BODY, Operation
from http_api.workflows import WorkflowAnswer, WorkflowLinks

WORKFLOW_OPERATIONS: Final = (
    Operation(
        method="POST",
        route=ONBOARDINGS,
        name="onboard_user",
        summary="Take in a new user. Repeating it under its id or Idempotency-Key changes nothing.",
        body=OnboardingRequest,
        takes_idempotency_key=True,
        answers={202: WorkflowLinks},
        problems=(*BODY, 409),
    ),
    Operation(
        method="GET",
        route=ONBOARDING,
        name="get_onboarding",
        summary="How far a new user has got: 202 on the way, 200 at the end.",
        answers={200: WorkflowAnswer, 202: WorkflowAnswer},
        problems=(404, 422),
    ),
)
