"""Functions that raise, and functions that log where the Functions host has no invocation."""

import asyncio
import logging
import os
import signal
import threading

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
log = logging.getLogger("shop")
log.info("imported")


@app.orchestration_trigger(context_name="context")
def calls_failing(context: df.DurableOrchestrationContext):
    yield context.call_activity("boom", 1)


@app.orchestration_trigger(context_name="context")
def retries(context: df.DurableOrchestrationContext):
    yield context.call_activity_with_retry("boom", df.RetryOptions(1, 3), 1)


@app.orchestration_trigger(context_name="context")
def raises(context: df.DurableOrchestrationContext):
    yield context.call_activity("fine", 1)
    try:
        raise KeyError("root cause marker")
    except KeyError as error:
        raise RuntimeError("orchestrator bug marker") from error


@app.orchestration_trigger(context_name="context")
def calls_entity(context: df.DurableOrchestrationContext):
    entity = df.EntityId("counter", "k")
    yield context.call_entity(entity, "add")
    yield context.call_entity(entity, "fail")


@app.orchestration_trigger(context_name="context")
def loses_its_worker(context: df.DurableOrchestrationContext):
    yield context.call_activity("killed", 1)


@app.activity_trigger(input_name="n")
def boom(n: int) -> None:
    try:
        raise KeyError("root cause marker")
    except KeyError as error:
        raise ValueError("activity bug marker") from error


@app.activity_trigger(input_name="n")
def fine(n: int) -> int:
    return n


@app.activity_trigger(input_name="n")
def killed(n: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    if context.operation_name == "fail":
        raise ValueError("entity bug marker")
    context.set_state(1)
    context.set_result(1)


@app.route(route="fails")
async def fails(req: func.HttpRequest) -> func.HttpResponse:
    raise ValueError("http bug marker")


@app.retry(strategy="fixed_delay", max_retry_count="1", delay_interval="00:00:00")
@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def tick(timer: func.TimerRequest) -> None:
    raise ValueError("timer bug marker")


@app.route(route="logs")
async def logs(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
    def carry_id() -> None:
        context.thread_local_storage.invocation_id = context.invocation_id
        log.info("line of a thread with the id")

    def start_loop() -> None:
        asyncio.run(log_in_loop())

    async def log_in_loop() -> None:
        log.info("lost line of a loop of its own")

    log.info("line of the function")
    await asyncio.create_task(in_task())
    await asyncio.to_thread(log.info, "lost line of to_thread")
    await asyncio.to_thread(log.info, "another lost line of to_thread")
    await asyncio.to_thread(start_loop)
    thread = threading.Thread(target=carry_id)
    thread.start()
    await asyncio.to_thread(thread.join)
    return func.HttpResponse("done")


async def in_task() -> None:
    log.info("line of a task")


@app.route(route="logs-in-thread")
def logs_in_thread(req: func.HttpRequest) -> func.HttpResponse:
    log.info("line of a function in a thread")
    asyncio.run(in_task())
    own = threading.Thread(target=log.info, args=("lost line of an own thread",))
    own.start()
    own.join()
    return func.HttpResponse("done")
