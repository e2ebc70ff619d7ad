"""A counter, and bank accounts that are moved money between without locks: debit first, then credit or give back."""

import json

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
Context = df.DurableOrchestrationContext


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    value = context.get_state(lambda: 0)
    if context.operation_name == "add":
        value += context.get_input()
    elif context.operation_name == "reset":
        value = 0
    context.set_state(value)
    context.set_result(value)


@app.entity_trigger(context_name="context")
def account(context: df.DurableEntityContext):
    """Amounts in cents. `withdraw` answers whether there was enough."""
    balance = context.get_state(lambda: 0)
    amount = context.get_input()
    enough = context.operation_name == "deposit" or amount <= balance
    if enough:
        balance += amount if context.operation_name == "deposit" else -amount
    context.set_state(balance)
    context.set_result(enough)


@app.orchestration_trigger(context_name="context")
def transfer(context: Context):
    order = context.get_input()
    taken = yield context.call_entity(df.EntityId("account", order["source"]), "withdraw", order["cents"])
    if not taken:
        return "not enough money"
    context.signal_entity(df.EntityId("account", order["target"]), "deposit", order["cents"])
    return "transferred"


@app.route(route="counters/{key}", methods=["GET", "POST"])
@app.durable_client_input(client_name="client")
async def counters(req: func.HttpRequest, client: df.DurableOrchestrationClient) -> func.HttpResponse:
    entity = df.EntityId("counter", req.route_params["key"])
    if req.method == "POST":
        await client.signal_entity(entity, "add", req.get_json())
        return func.HttpResponse(status_code=202)
    state = await client.read_entity_state(entity)
    if not state.entity_exists:
        return func.HttpResponse(status_code=404)
    return func.HttpResponse(json.dumps(state.entity_state), mimetype="application/json")
