"""An app whose process ends in the middle of its work: `exit_once` the first time for each key, others as a file says."""

import asyncio
import os
import signal
import time
from pathlib import Path

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
SCRATCH = Path(os.environ["SCRATCH"])


def exit_once_for(key: str) -> None:
    seen = SCRATCH / f"exited-{key}"
    if not seen.exists():
        seen.touch()
        os._exit(1)


@app.activity_trigger(input_name="request")
def echo(request):
    return request


@app.activity_trigger(input_name="request")
def fail(request):
    raise ValueError(f"{request} is not JSON")


@app.activity_trigger(input_name="key")
def exit_once(key: str):
    exit_once_for(key.strip('"'))
    return "second life"


@app.activity_trigger(input_name="name")
def wait_for_file(name):
    """Says that it runs by a file of its own, with its process's id, and waits for another one."""
    begun = SCRATCH / f"{name}-begun"
    begun.with_suffix(".new").write_text(str(os.getpid()))
    begun.with_suffix(".new").rename(begun)
    while not (SCRATCH / f"{name}-may-end").exists():
        time.sleep(0.01)
    return name


@app.activity_trigger(input_name="request")
async def never_ends(request):
    await asyncio.Event().wait()


@app.orchestration_trigger(context_name="context")
def exits_in_an_episode(context: df.DurableOrchestrationContext):
    episode = context.get_input()["episode"]
    if episode == 1:
        exit_once_for(context.instance_id)
    yield context.call_activity("echo", "before")
    if episode == 2:
        exit_once_for(context.instance_id)
    yield context.call_activity("echo", "after")
    return "second life"


@app.orchestration_trigger(context_name="context")
def call(context: df.DurableOrchestrationContext):
    """Calls an activity and says what came of it. input: its name and input."""
    name, value = context.get_input()
    try:
        result = yield context.call_activity(name, value)
    except Exception as error:
        return {"error": str(error)}
    return {"result": result}


@app.orchestration_trigger(context_name="context")
def count(context: df.DurableOrchestrationContext):
    result = yield context.call_entity(df.EntityId("counter", context.get_input()), "exit_once")
    return result


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    value = context.get_state(lambda: 0) + 1
    context.set_state(value)
    exit_once_for(context.entity_key)
    context.set_result(value)


@app.route(route="pid")
def pid(req: func.HttpRequest) -> str:
    return str(os.getpid())


@app.route(route="die", methods=["POST"])
def die(req: func.HttpRequest) -> str:
    os.kill(os.getpid(), signal.SIGKILL)
    return "never said"
