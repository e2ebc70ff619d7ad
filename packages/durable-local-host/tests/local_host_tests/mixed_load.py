"""A process that starts orchestrations of every kind on a state file and works until all have ended, if it lives so long.

    python -m local_host_tests.mixed_load STATE_FILE HOW_MANY

Prints `open` when it works, then each id once its start is accepted, and `done` at the end.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Any

import azure.durable_functions as df

from local_host.engine.clock import SystemClock
from local_host.engine.config import DurableConfig
from local_host.engine.errors import InstanceEnded, InstanceNotFound
from local_host.engine.operations import Operations
from local_host.engine.task_hub import TaskHub
from local_host.engine.worker import Worker
from local_host_tests.small_app import Code, Context, EntityContext, SmallApp

app = SmallApp()
STOCK = df.EntityId("stock", "x")


@app.activity
def echo(value: Any) -> Any:
    return value


@app.activity
def fails(value: Any) -> None:
    raise ValueError("always")


@app.entity
def stock(context: EntityContext) -> None:
    value = context.get_state(lambda: 0) + context.get_input()
    context.set_state(value)
    context.set_result(value)


@app.orchestrator
def chain(context: Context) -> Code:
    context.signal_entity(STOCK, "add", 1)
    first = yield context.call_activity("echo", "a")
    yield context.call_entity(STOCK, "add", 10)
    return first + (yield context.call_activity("echo", "b"))


@app.orchestrator
def fan_out(context: Context) -> Code:
    results = yield context.task_all([context.call_activity("echo", number) for number in range(8)])
    try:
        yield context.call_activity_with_retry("fails", df.RetryOptions(1, 2), 0)
    except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
        return sum(results)


@app.orchestrator
def loop(context: Context) -> Code:
    round_number = context.get_input() or 0
    yield context.create_timer(context.current_utc_datetime + timedelta(milliseconds=20))
    context.signal_entity(STOCK, "add", 100)
    if round_number < 2:
        context.continue_as_new(round_number + 1)
    else:
        return round_number


@app.orchestrator
def family(context: Context) -> Code:
    children = [context.call_sub_orchestrator(name, None) for name in ("chain", "loop")]
    return (yield context.task_all(children))


@app.orchestrator
def asks(context: Context) -> Code:
    deadline = context.create_timer(context.current_utc_datetime + timedelta(hours=1))
    answer = context.wait_for_external_event("answer")
    winner = yield context.task_any([answer, deadline])
    if winner == answer:
        deadline.cancel()
    return answer.result


# Kind: its output as JSON text, and what one of it adds to the stock.
EXPECTED = {
    "chain": ('"ab"', 11),
    "fan_out": ("28", 0),
    "loop": ("2", 300),
    "family": ('["ab",2]', 311),
    "asks": ('"1"', 0),
}


def kind_of(number: int) -> str:
    return list(EXPECTED)[number % len(EXPECTED)]


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


async def main(path: str, count: int) -> None:
    logging.basicConfig(level=logging.ERROR)
    hub, clock, config = TaskHub.open(path), SystemClock(), DurableConfig()
    worker, operations = Worker(hub, app, clock, config), Operations(hub, app, clock, config)
    await worker.start()
    say("open")
    await asyncio.gather(*(run(operations, number) for number in range(count)))
    await worker.until_idle()
    await worker.stop()
    hub.close()
    say("done")


async def run(operations: Operations, number: int) -> None:
    """Start it, unless an earlier process has, and see it through."""
    instance_id = f"i{number}"
    if not await is_known(operations, instance_id):
        await operations.start(kind_of(number), None, instance_id)
        say(instance_id)
    if kind_of(number) == "asks" and not (await operations.status(instance_id)).runtime_status.has_ended:
        # An answer of an earlier process may end it between the look and the call.
        with suppress(InstanceEnded):
            await operations.raise_event(instance_id, "answer", json.dumps("1"))
    await operations.wait_ended(instance_id)


async def is_known(operations: Operations, instance_id: str) -> bool:
    try:
        await operations.status(instance_id)
    except InstanceNotFound:
        return False
    return True


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
