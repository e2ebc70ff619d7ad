import asyncio
import logging
from datetime import timedelta
from urllib.request import urlopen

import azure.durable_functions as df

bp = df.Blueprint()
Context = df.DurableOrchestrationContext
# What replays saw, by instance: the test reads it.
SEEN: dict[str, list] = {}


@bp.orchestration_trigger(context_name="context")
def give_input(context: Context):
    value = context.get_input()
    yield context.call_activity("A", "x")
    return {"input": value}


@bp.orchestration_trigger(context_name="context")
def return_at_once(context: Context):
    if context.get_input() == "raise":
        raise ValueError("not even begun")
    return 3


@bp.orchestration_trigger(context_name="context")
def two_steps(context: Context):
    first = yield context.call_activity("A", 1)
    second = yield context.call_activity("A", 2)
    return [first, second]


@bp.orchestration_trigger(context_name="context")
def call_by_name(context: Context):
    """Call the activity that the input names, with `x`."""
    result = yield context.call_activity(context.get_input(), "x")
    return result


@bp.orchestration_trigger(context_name="context")
def give_type(context: Context):
    result = yield context.call_activity("give", context.get_input())
    return result


@bp.orchestration_trigger(context_name="context")
def fan_out(context: Context):
    results = yield context.task_all([context.call_activity("A", n) for n in range(3)])
    return results


@bp.orchestration_trigger(context_name="context")
def meet_in_parallel(context: Context):
    results = yield context.task_all([context.call_activity("meet", guest) for guest in range(5)])
    return results


@bp.orchestration_trigger(context_name="context")
def catch_failure(context: Context):
    try:
        yield context.call_activity("F", None)
    except Exception as error:
        return str(error)
    return "not raised"


@bp.orchestration_trigger(context_name="context")
def with_retry(context: Context):
    """input: how many attempts."""
    options = df.RetryOptions(first_retry_interval_in_milliseconds=1000, max_number_of_attempts=context.get_input())
    result = yield context.call_activity_with_retry("F", options, "x")
    return result


@bp.orchestration_trigger(context_name="context")
def two_with_retry(context: Context):
    options = df.RetryOptions(first_retry_interval_in_milliseconds=1000, max_number_of_attempts=3)
    results = yield context.task_all(
        [
            context.call_activity_with_retry("F", options, "left"),
            context.call_activity_with_retry("A", options, "right"),
        ]
    )
    return results


@bp.orchestration_trigger(context_name="context")
def compensate_after_failure(context: Context):
    try:
        yield context.task_all([context.call_activity("F", None), context.call_activity("A", "slow")])
    except Exception:
        yield context.call_activity("A", "compensate")
    return "compensated"


@bp.orchestration_trigger(context_name="context")
def race(context: Context):
    """Race an activity against a timer of an hour; input: whether to cancel the timer."""
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    work = context.call_activity("A", "x")
    winner = yield context.task_any([work, timer])
    if context.get_input():
        timer.cancel()
    return "work" if winner is work else "timer"


@bp.orchestration_trigger(context_name="context")
def event_or_timer(context: Context):
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    event = context.wait_for_external_event("E")
    winner = yield context.task_any([event, timer])
    if winner is event:
        timer.cancel()
        return "event"
    return "timer"


@bp.orchestration_trigger(context_name="context")
def nothing_to_wait_for(context: Context):
    results = yield context.task_all([])
    return results


@bp.orchestration_trigger(context_name="context")
def timer_for(context: Context):
    """input: seconds from now, negative for the past."""
    yield context.create_timer(context.current_utc_datetime + timedelta(seconds=context.get_input()))
    return "fired"


@bp.orchestration_trigger(context_name="context")
def wait_for_event(context: Context):
    value = yield context.wait_for_external_event("E")
    return {"got": value, "type": type(value).__name__}


@bp.orchestration_trigger(context_name="context")
def work_then_wait(context: Context):
    yield context.call_activity("A", "x")
    value = yield context.wait_for_external_event("E")
    return value


@bp.orchestration_trigger(context_name="context")
def two_waits(context: Context):
    earlier = context.wait_for_external_event("E")
    later = context.wait_for_external_event("E")
    winner = yield context.task_any([earlier, later])
    first = "later" if winner is later else "earlier"
    rest = yield (earlier if winner is later else later)
    return {"first": first, "values": [winner.result, rest]}


@bp.orchestration_trigger(context_name="context")
def count_up(context: Context):
    number = context.get_input() or 0
    yield context.call_activity("A", number)
    if number < 3:
        context.continue_as_new(number + 1)
    return number


@bp.orchestration_trigger(context_name="context")
def again_with_open_timer(context: Context):
    if context.get_input():
        return "second run"
    timer = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    work = context.call_activity("A", "x")
    yield context.task_any([work, timer])
    context.continue_as_new(True)
    return None


@bp.orchestration_trigger(context_name="context")
def signal_then_call(context: Context):
    entity = df.EntityId("counter", context.get_input() or "k")
    context.signal_entity(entity, "add", 5)
    value = yield context.call_entity(entity, "add", 10)
    return value


@bp.orchestration_trigger(context_name="context")
def fail_entity(context: Context):
    entity = df.EntityId("counter", "k")
    try:
        yield context.call_entity(entity, "fail_after_change")
    except Exception as error:
        return str(error)
    return "not raised"


@bp.orchestration_trigger(context_name="context")
def child(context: Context):
    """Wait for an event, or fail, as the input says; else return who it is."""
    wish = context.get_input()
    yield context.call_activity("A", "x")
    if wish == "wait":
        yield context.wait_for_external_event("E")
    if wish == "fail":
        raise ValueError("child in trouble")
    return {"id": context.instance_id, "parent": context.parent_instance_id}


@bp.orchestration_trigger(context_name="context")
def parent(context: Context):
    wish = context.get_input()
    try:
        result = yield context.call_sub_orchestrator("child", wish["child"], wish.get("id"))
    except Exception as error:
        return f"caught {error}"
    return result


@bp.orchestration_trigger(context_name="context")
def needs_luck(context: Context):
    yield context.call_activity("A", "x")
    result = yield context.call_activity("F", "y")
    return result


@bp.orchestration_trigger(context_name="context")
def custom_status(context: Context):
    context.set_custom_status(context.get_input() or "x")
    yield context.call_activity("A", "x")
    context.set_custom_status(None)
    yield context.wait_for_external_event("E")
    return "done"


@bp.orchestration_trigger(context_name="context")
def note_what_is_seen(context: Context):
    seen = SEEN.setdefault(context.instance_id, [])
    first = (context.current_utc_datetime, context.new_guid(), str(context.new_uuid()))
    seen.append(first)
    yield context.call_activity("A", "x")
    yield context.call_activity("A", "y")
    return "done"


@bp.orchestration_trigger(context_name="context")
def log_in_replay(context: Context):
    logging.getLogger("conformance").info("before the first step")
    yield context.call_activity("A", "x")
    logging.getLogger("conformance").info("after the first step")
    return "done"


@bp.orchestration_trigger(context_name="context")
def fetch(context: Context):
    response = yield context.call_http("GET", context.get_input())
    return response


@bp.orchestration_trigger(context_name="context")
def write_two_notes(context: Context):
    """input: two notes for `write_down`."""
    first, second = context.get_input()
    yield context.call_activity("write_down", first)
    yield context.call_activity("write_down", second)
    return "written"


@bp.orchestration_trigger(context_name="context")
def signal_write_call(context: Context):
    """Signals an entity, writes a note, calls the entity."""
    entity = df.EntityId("counter", "k")
    context.signal_entity(entity, "add", 1)
    yield context.call_activity("write_down", context.get_input())
    value = yield context.call_entity(entity, "add", 10)
    return value


@bp.orchestration_trigger(context_name="context")
def run_a_loop_of_its_own(context: Context):
    async def answer() -> str:
        await asyncio.sleep(0)
        return "ran"

    yield context.call_activity("A", 1)
    return asyncio.run(answer())


@bp.orchestration_trigger(context_name="context")
def ask_its_own_host(context: Context):
    """Blocks until the host that runs it has answered. input: the URL."""
    with urlopen(context.get_input()) as response:
        return response.status
