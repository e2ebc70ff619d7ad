"""Register a new user: check what was sent, find the region, store the user, send a welcome. One step feeds the next."""

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
from domain.workflows.commands import step_of
from domain.workflows.steps import Outcome
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, RetryPolicy, Wait
from orchestrators.kernel.saga import saga
from orchestrators.kernel.workflow_run import WorkflowRun, required

bp = df.Blueprint()

# A region is nice to have: the user is not kept waiting for it.
LOOK_UP: Final = RetryPolicy(
    total=timedelta(seconds=10), first_pause=timedelta(seconds=1), longest_pause=timedelta(seconds=4)
)
# The user exists by now and does not wait for it: a mail that is an hour late is better than none.
WELCOME: Final = RetryPolicy(
    total=timedelta(hours=1), first_pause=timedelta(seconds=5), longest_pause=timedelta(minutes=10)
)


@bp.orchestration_trigger(context_name="context")
def user_onboarding(context: df.DurableOrchestrationContext) -> Wait:
    """Register a new user.

    Input: `{key, request: OnboardingRequest}`. Result and custom status: a `WorkflowProgress`.
    """
    given = context.get_input()
    request = OnboardingRequest.model_validate(given["request"])
    run = WorkflowRun.begin(context, USER_ONBOARDING, given)
    return (yield from saga(run, register(run, request)))


def register(run: WorkflowRun, request: OnboardingRequest) -> Wait:
    """Take every step. Returns the instance's result."""
    user = yield from check(run, request)
    region = yield from find_region(run, user)
    yield from store(run, user, region)
    return (yield from welcome(run, user))


def check(run: WorkflowRun, request: OnboardingRequest) -> Wait:
    """Check the request against the rules. Returns the user; the status of a refused one names every rule that is broken."""
    command = activity(validate_user_input, CheckUser(request=request, now=run.context.current_utc_datetime))
    checked = yield from run.ask(command, UserChecked)
    if checked is not None and checked.errors:
        run.show("The data breaks rules.", errors=[error.to_wire() for error in checked.errors])
    return required(command.operation, checked).user


def find_region(run: WorkflowRun, user: User) -> Wait:
    """Return the user's region; None when it is unknown, or the region service does not answer."""
    command = activity(enrich_user_data, FindRegion(country=user.country, postal_code=user.postal_code))
    found = yield from run.ask(command, RegionFound, LOOK_UP)
    region = None if found is None else found.region
    run.show("The data is complete.", region=None if region is None else region.code)
    return region


def store(run: WorkflowRun, user: User, region: Region | None) -> Wait:
    """Store the user, trying for hours: a user who has got this far is not lost to a storage account that is down."""
    registration = PersistUser(
        onboarding_id=run.key, user=user, region=region, registered_at=run.context.current_utc_datetime
    )
    yield from run.do(step_of(activity(persist_user, registration)), PERSISTENT)
    run.show("The user is registered.", user_id=user.user_id)


def welcome(run: WorkflowRun, user: User) -> Wait:
    """Send a welcome; the user stays registered even if that fails. Returns the instance's result."""
    sent = yield from run.take(step_of(activity(send_onboarding_email, user)), WELCOME)
    run.detail["welcomed"] = sent.outcome is Outcome.DONE
    return _ended(run)


def _ended(run: WorkflowRun) -> dict[str, Any]:
    if run.detail["welcomed"]:
        return run.end("completed", "The user is registered and welcomed.")
    return run.end("completed", "The user is registered; the welcome could not be sent.", "not_welcomed")
