"""Watch a parcel until it has arrived, come back or got lost: ask the carrier, later and later, or at once when it has news.

Each look is a run of its own (`continue_as_new`), so that the history of a watch of weeks stays as short as that of a minute. News
that come between two runs may be lost with the old one; the new one begins by asking, so nothing is missed.
"""

from typing import Any

import azure.durable_functions as df

from activities.tracking import find_parcel, look_at_parcel, record_tracking
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
    Watch,
    pause_after,
)
from domain.workflows.run import restart_of
from domain.workflows.steps import Outcome
from orchestrators.kernel.commands import activity
from orchestrators.kernel.retry import PERSISTENT, STEP, Wait, sleep
from orchestrators.kernel.workflow import Workflow, WorkflowStopped

bp = df.Blueprint()


@bp.orchestration_trigger(context_name="context")
def shipment_tracking(context: df.DurableOrchestrationContext) -> Wait:
    """Input: `{key, request: TrackingRequest}`, and `watch` after the first look. Result, status: a `WorkflowProgress`."""
    given = context.get_input()
    request = TrackingRequest.model_validate(given["request"])
    run = Workflow(context=context, name=f"{SHIPMENT_TRACKING}:{given['key']}", key=given["key"])
    restart = restart_of(given)
    began = context.current_utc_datetime if restart is None else restart.started_at
    watch = Watch.model_validate(given.get("watch") or {"started_at": began})
    _show(run, watch)
    try:
        if watch.code is None:
            watch = yield from find(run, request, watch)
        watch = yield from look(run, request, watch)
    except WorkflowStopped as stop:
        return run.stopped(stop)
    if watch.latest is not None and watch.latest.status in ENDS:
        return _ended(run, watch.latest)
    yield from rest(run, watch)
    context.continue_as_new({**given, "watch": watch.to_wire()})
    return None


def find(run: Workflow, request: TrackingRequest, watch: Watch) -> Wait:
    """Learn the tracking code. An order without a parcel is not watched."""
    found = yield from run.do("find_parcel", [activity(find_parcel, request)], PERSISTENT)
    return watch.model_copy(update={"code": found.reference})


def look(run: Workflow, request: TrackingRequest, watch: Watch) -> Wait:
    """Ask the carrier once. A carrier that does not answer is asked again at the next look. Gives the watch after it."""
    now = run.context.current_utc_datetime
    query = ParcelQuery(code=str(watch.code), at=now)
    seen = yield from run.ask("look_at_parcel", activity(look_at_parcel, query), ParcelSeen, STEP)
    tracking = None if seen is None or seen.outcome is not Outcome.DONE else seen.tracking
    overdue = now >= watch.started_at + LOST_AFTER
    if overdue and (tracking is None or tracking.status not in ENDS):
        tracking = Tracking(code=query.code, status=ParcelStatus.LOST, seen_at=now)
    after = watch.after_look(tracking)
    if after.latest is not None and after.latest != watch.latest:
        record = RecordTracking(order_id=request.order_id, tracking=after.latest)
        yield from run.step("record_tracking", [activity(record_tracking, record)], PERSISTENT)
    _show(run, after)
    return after


def rest(run: Workflow, watch: Watch) -> Wait:
    """Leave the carrier alone until the next look, or until it has news."""
    news = run.context.wait_for_external_event(TRACKING_REPORTED)
    yield from sleep(run.context, pause_after(watch.looks), news)


def _show(run: Workflow, watch: Watch) -> None:
    status = ParcelStatus.UNKNOWN if watch.latest is None else watch.latest.status
    seen = [tracking.to_wire() for tracking in watch.seen]
    run.tell(f"The parcel's status is {status}.", looks=watch.looks, tracking_status=status, seen=seen)


def _ended(run: Workflow, latest: Tracking) -> dict[str, Any]:
    reason = None if latest.status is ParcelStatus.DELIVERED else str(latest.status)
    return run.end("completed", f"The parcel's way has ended: {latest.status}.", reason)
