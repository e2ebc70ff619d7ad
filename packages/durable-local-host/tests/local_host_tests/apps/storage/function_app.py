"""A pipeline over storage: a blob becomes messages, a message becomes a result, a timer counts its runs."""

import json
from typing import List  # noqa: UP035

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp()
STORAGE = "AzureWebJobsStorage"
Lines = List[str]  # noqa: UP006 - the Python worker does not take list[str] for an output
# What the timer functions were called with; the tests read it.
TIMER_RUNS: list[func.TimerRequest] = []
DELIVERIES: list[func.QueueMessage] = []


@app.blob_trigger(arg_name="blob", path="incoming/{name}.txt", connection=STORAGE)
@app.queue_output(arg_name="lines", queue_name="%WORK_QUEUE%", connection=STORAGE)
@app.blob_output(arg_name="copy", path="done/{name}.upper", connection=STORAGE)
def split_lines(blob: func.InputStream, lines: func.Out[Lines], copy: func.Out[str]) -> None:
    text = blob.read().decode()
    lines.set([f"{blob.name}:{line}" for line in text.splitlines()])
    copy.set(text.upper())


@app.queue_trigger(arg_name="message", queue_name="%WORK_QUEUE%", connection=STORAGE)
@app.queue_output(arg_name="$return", queue_name="results", connection=STORAGE)
def work(message: func.QueueMessage) -> str:
    DELIVERIES.append(message)
    body = message.get_body().decode()
    if body == "spoilt":
        raise ValueError("spoilt")
    return json.dumps({"worked": body, "attempt": message.dequeue_count})


@app.route(route="documents/{name}", methods=["GET", "PUT"])
@app.blob_input(arg_name="before", path="documents/{name}.txt", connection=STORAGE)
@app.blob_output(arg_name="after", path="documents/{name}.txt", connection=STORAGE)
def document(req: func.HttpRequest, before: str, after: func.Out[bytes]) -> func.HttpResponse:
    if req.method == "PUT":
        after.set(req.get_body())
    return func.HttpResponse(before, status_code=404 if before is None else 200)


@app.activity_trigger(input_name="request")
@app.blob_input(arg_name="document", path="documents/{request.name}.txt", connection=STORAGE)
def length_of(request: dict, document: func.InputStream) -> int:
    return len(document.read())


@app.orchestration_trigger(context_name="context")
def measure(context: df.DurableOrchestrationContext):
    return (yield context.call_activity("length_of", context.get_input()))


@app.timer_trigger(arg_name="timer", schedule="*/2 * * * * *", run_on_startup=True)
def tick(timer: func.TimerRequest) -> None:
    TIMER_RUNS.append(timer)


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
@app.retry(strategy="fixed_delay", max_retry_count="2", delay_interval="00:00:10")
def nightly(timer: func.TimerRequest, context: func.Context) -> None:
    TIMER_RUNS.append(timer)
    if context.retry_context.retry_count < 2:
        raise RuntimeError("not yet")
