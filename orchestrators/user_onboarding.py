"""The story of a new user: check what was sent, find the region, keep the user, say welcome. One step feeds the next."""

from datetime import timedelta
from typing import Any, Final

import azure.durable_functions as df

from activities.onboarding import enrich_user_data, persist_user, send_onboarding_email, validate_user_input
from domain.onboarding.user import (
    USER_ONBOARDING,
    CheckUser,
    FindRegion,
    OnboardingRequest,
    PersistUser,
    Region,
    RegionFound,
    User,
    UserChecked,
)
from domain.workflows.steps import Outcome
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, RetryPolicy, Wait
from orchestrators.kernel.workflow import Workflow, WorkflowStopped, required

bp = df.Blueprint()

# A region is nice to have: the user is not kept waiting for it.
LOOK_UP: Final = RetryPolicy(
    first_pause=timedelta(seconds=1),
    longest_pause=timedelta(seconds=4),
    max_attempts=3,
    within=timedelta(seconds=30),
)
# The user exists by now and nobody waits: a mail that is an hour late is better than none.
WELCOME: Final = RetryPolicy(
    first_pause=timedelta(seconds=5),
    longest_pause=timedelta(minutes=10),
    max_attempts=12,
    within=timedelta(hours=1),
)


@bp.orchestration_trigger(context_name="context")
def user_onboarding(context: df.DurableOrchestrationContext) -> Wait:
    """Input: `{key, request: OnboardingRequest}`. Result and custom status: a `WorkflowProgress`."""
    given = context.get_input()
    request = OnboardingRequest.model_validate(given["request"])
    run = Workflow(context=context, name=f"{USER_ONBOARDING}:{given['key']}", key=given["key"])
    try:
        user = yield from check(run, request)
        region = yield from find_region(run, user)
        yield from keep(run, user, region)
    except WorkflowStopped as stop:
        return run.stopped(stop)
    return (yield from welcome(run, user))


def check(run: Workflow, request: OnboardingRequest) -> Wait:
    """Hold the request against the rules. Gives the user; the status of a refused one names every rule that is broken."""
    effect = activity(validate_user_input, CheckUser(request=request, now=run.context.current_utc_datetime))
    checked = yield from run.ask("validate_user_input", effect, UserChecked)
    if checked is not None and checked.errors:
        run.tell("The data breaks rules.", errors=[error.to_wire() for error in checked.errors])
    return required(checked).user


def find_region(run: Workflow, user: User) -> Wait:
    """The user's region; None when nobody knows it, or nobody answers."""
    effect = activity(enrich_user_data, FindRegion(country=user.country, postal_code=user.postal_code))
    found = yield from run.ask("enrich_user_data", effect, RegionFound, LOOK_UP)
    region = None if found is None else found.region
    run.tell("The data is complete.", region=None if region is None else region.code)
    return region


def keep(run: Workflow, user: User, region: Region | None) -> Wait:
    """Enter the user, trying for hours: whoever has got this far is not lost to a storage account that is down."""
    registration = PersistUser(
        onboarding_id=run.key, user=user, region=region, registered_at=run.context.current_utc_datetime
    )
    yield from run.do("persist_user", [activity(persist_user, registration)], PERSISTENT)
    run.tell("The user is registered.", user_id=user.user_id)


def welcome(run: Workflow, user: User) -> Wait:
    """Say welcome; the user stays registered even if that fails. Gives the instance's result."""
    sent = yield from run.step("send_onboarding_email", [activity(send_onboarding_email, user)], WELCOME)
    run.detail["welcomed"] = sent.outcome is Outcome.DONE
    return _ended(run)


def _ended(run: Workflow) -> dict[str, Any]:
    if run.detail["welcomed"]:
        return run.end("completed", "The user is registered and welcomed.")
    return run.end("completed", "The user is registered; the welcome could not be sent.", "not_welcomed")
