"""The classic patterns of Durable Functions: chaining, fan-out/fan-in, monitor, human interaction."""

import json
from datetime import timedelta

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
Context = df.DurableOrchestrationContext


@app.route(route="orchestrators/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    value = req.get_json() if req.get_body() else None
    instance_id = await client.start_new(req.route_params["name"], client_input=value)
    return client.create_check_status_response(req, instance_id)


@app.route(route="approvals/{id}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def approve(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    await client.raise_event(req.route_params["id"], "approval_decided", req.get_json())
    return func.HttpResponse(status_code=202)


# Chaining: each step works on the result of the one before.


@app.orchestration_trigger(context_name="context")
def chain(context: Context):
    text = yield context.call_activity("greet", context.get_input())
    text = yield context.call_activity("emphasise", text)
    return text


@app.activity_trigger(input_name="name")
def greet(name: str) -> str:
    return f"Hello {name}"


@app.activity_trigger(input_name="text")
def emphasise(text: str) -> str:
    return f"{text}!"


# Fan-out and fan-in: a child per folder, an activity per file, each tried three times.


@app.orchestration_trigger(context_name="context")
def back_up(context: Context):
    folders = context.get_input()
    children = [context.call_sub_orchestrator("back_up_folder", folder) for folder in folders]
    sizes = yield context.task_all(children)
    return sum(sizes)


@app.orchestration_trigger(context_name="context")
def back_up_folder(context: Context):
    files = yield context.call_activity("list_files", context.get_input())
    retry = df.RetryOptions(first_retry_interval_in_milliseconds=5000, max_number_of_attempts=3)
    sizes = yield context.task_all([context.call_activity_with_retry("copy_file", retry, file) for file in files])
    return sum(sizes)


@app.activity_trigger(input_name="folder")
def list_files(folder: str) -> list[str]:
    return [f"{folder}/{number}" for number in range(3)]


@app.activity_trigger(input_name="file")
def copy_file(file: str) -> int:
    return len(file)


# Monitor: looks every half hour until the weather is clear, or for six hours.


@app.orchestration_trigger(context_name="context")
def monitor(context: Context):
    state = context.get_input()
    state.setdefault("until", (context.current_utc_datetime + timedelta(hours=6)).isoformat())
    if context.current_utc_datetime.isoformat() >= state["until"]:
        return "never cleared"
    weather = yield context.call_activity("look_outside", state["place"])
    if weather == "clear":
        return f"clear in {state['place']}"
    yield context.create_timer(context.current_utc_datetime + timedelta(minutes=30))
    context.continue_as_new(state)
    return None


@app.activity_trigger(input_name="place")
def look_outside(place: str) -> str:
    return "clear"


# Human interaction: a decision within three days, else it is escalated.


@app.orchestration_trigger(context_name="context")
def ask_for_approval(context: Context):
    yield context.call_activity("send_request", context.get_input())
    deadline = context.create_timer(context.current_utc_datetime + timedelta(days=3))
    decision = context.wait_for_external_event("approval_decided")
    winner = yield context.task_any([decision, deadline])
    if winner is deadline:
        yield context.call_activity("escalate", context.get_input())
        return "escalated"
    deadline.cancel()
    return "approved" if json.loads(decision.result)["approved"] else "rejected"


@app.activity_trigger(input_name="request")
def send_request(request: dict) -> None:
    """Would send a mail."""


@app.activity_trigger(input_name="request")
def escalate(request: dict) -> None:
    """Would send a mail to another person."""


# HTTP calls from an orchestrator.


@app.orchestration_trigger(context_name="context")
def check_site(context: Context):
    response = yield context.call_http("GET", context.get_input())
    return response["statusCode"]
