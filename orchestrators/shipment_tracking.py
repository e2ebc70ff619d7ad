"""Track a parcel until it has arrived, come back or got lost: poll the carrier, later and later, or at once after its webhook.

Each poll is an execution of its own (`continue_as_new`), so that the history of weeks stays as short as that of a minute. An
event between two executions may be lost with the old one; the new one begins with a poll, so nothing is missed.
"""

from typing import Any

import azure.durable_functions as df

from activities.tracking import find_parcel, poll_parcel, record_tracking
from domain.shipping.tracking import (
    ENDS,
    LOST_AFTER,
    SHIPMENT_TRACKING,
    TRACKING_REPORTED,
    ParcelQuery,
    ParcelSeen,
    ParcelStatus,
    RecordTracking,
    Tracking,
    TrackingRequest,
    TrackingState,
    pause_after,
)
from domain.workflows.commands import step_of
from domain.workflows.course import RunStopped
from domain.workflows.steps import Outcome
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, Wait, sleep
from orchestrators.kernel.workflow_run import WorkflowRun

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def shipment_tracking(context: df.DurableOrchestrationContext) -> Wait:
    """Poll a parcel until it has arrived.

    Input: `{key, request: TrackingRequest}`, and `state` after the first poll. Result and custom status: a `WorkflowProgress`.
    """
    given = context.get_input()
    request = TrackingRequest.model_validate(given["request"])
    run = WorkflowRun.begin(context, SHIPMENT_TRACKING, given)
    began = context.current_utc_datetime if run.restart is None else run.restart.started_at
    state = TrackingState.model_validate(given.get("state") or {"started_at": began})
    _show(run, state)
    try:
        if state.code is None:
            state = yield from find(run, request, state)
        state = yield from poll(run, request, state)
    except RunStopped as stop:
        return run.end(stop.end, stop.message, stop.reason_code)
    if state.latest is not None and state.latest.status in ENDS:
        return _ended(run, state.latest)
    yield from rest(run, state)
    context.continue_as_new({**given, "state": state.to_wire()})
    return None


def find(run: WorkflowRun, request: TrackingRequest, state: TrackingState) -> Wait:
    """Find the tracking code. An order without a parcel is not tracked."""
    found = yield from run.do(step_of(activity(find_parcel, request)), PERSISTENT)
    return state.model_copy(update={"code": found.reference})


def poll(run: WorkflowRun, request: TrackingRequest, state: TrackingState) -> Wait:
    """Poll the carrier once; one that does not answer is polled again the next time. Returns the `TrackingState` after it."""
    now = run.context.current_utc_datetime
    query = ParcelQuery(code=str(state.code), at=now)
    seen = yield from run.ask(activity(poll_parcel, query), ParcelSeen)
    tracking = None if seen is None or seen.outcome is not Outcome.DONE else seen.tracking
    overdue = now >= state.started_at + LOST_AFTER
    if overdue and (tracking is None or tracking.status not in ENDS):
        tracking = Tracking(code=query.code, status=ParcelStatus.LOST, seen_at=now)
    after = state.after_poll(tracking)
    if after.latest is not None and after.latest != state.latest:
        record = RecordTracking(order_id=request.order_id, tracking=after.latest)
        yield from run.take(step_of(activity(record_tracking, record)), PERSISTENT)
    _show(run, after)
    return after


def rest(run: WorkflowRun, state: TrackingState) -> Wait:
    """Wait until the next poll is due, or until the carrier's webhook comes."""
    reported = run.context.wait_for_external_event(TRACKING_REPORTED)
    yield from sleep(run.context, pause_after(state.polls), reported)


def _show(run: WorkflowRun, state: TrackingState) -> None:
    status = ParcelStatus.UNKNOWN if state.latest is None else state.latest.status
    seen = [tracking.to_wire() for tracking in state.seen]
    run.show(f"The parcel's status is {status}.", polls=state.polls, tracking_status=status, seen=seen)


def _ended(run: WorkflowRun, latest: Tracking) -> dict[str, Any]:
    reason = None if latest.status is ParcelStatus.DELIVERED else str(latest.status)
    return run.end("completed", f"The parcel's way has ended: {latest.status}.", reason)
