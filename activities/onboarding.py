"""The steps of taking in a new user. Each may run twice and then changes nothing more."""

from typing import Any

import azure.durable_functions as df

from domain.ids import notification_id
from domain.mail.notification import Notification, NotificationKind
from domain.onboarding.user import USER_ONBOARDING, CheckUser, FindRegion, PersistUser, RegionFound, User, check_user
from domain.workflows.steps import StepResult
from services.container import services
from services.input.documents import takes_ascii_mail_only

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def validate_user_input(request: dict) -> dict[str, Any]:
    """Answer with a `UserChecked`. Refused as invalid_user, with every rule that is broken."""
    return check_user(CheckUser.model_validate(request), ascii_mail_only=takes_ascii_mail_only()).to_wire()


@bp.activity_trigger(input_name="request")
def enrich_user_data(request: dict) -> dict[str, Any]:
    """Answer with a `RegionFound`, be the region known or not."""
    return RegionFound(region=services().regions.find(FindRegion.model_validate(request))).to_wire()


@bp.activity_trigger(input_name="request")
def persist_user(request: dict) -> dict[str, Any]:
    """Insert the user. Refused as already_registered when another run has inserted one with this address."""
    registration = PersistUser.model_validate(request)
    if not services().users.add(registration):
        return StepResult.refused("already_registered", "A user with this address exists.").to_wire()
    return StepResult(reference=registration.user.user_id).to_wire()


@bp.activity_trigger(input_name="request")
def send_onboarding_email(request: dict) -> dict[str, Any]:
    """Hand the welcome for a `User` to the outbox, which delivers it in its own time."""
    user = User.model_validate(request)
    kind = NotificationKind.USER_WELCOME
    message_id = notification_id(user.user_id, kind)
    notification = Notification(
        message_id=message_id,
        workflow=USER_ONBOARDING,
        key=user.user_id,
        kind=kind,
        email=user.email,
        data={"name": user.name},
    )
    services().outbox.put(notification)
    return StepResult(reference=message_id).to_wire()
