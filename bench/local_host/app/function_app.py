"""The workloads of the bench as an ordinary app: nothing here knows which host runs it."""

import azure.durable_functions as df

app = df.DFApp()


@app.activity_trigger(input_name="order")
def reserve(order: dict) -> dict:
    return {"outcome": "done", "reference": f"reservation-{order['order_id']}"}


@app.activity_trigger(input_name="order")
def charge(order: dict) -> dict:
    return {"outcome": "done", "reference": f"charge-{order['order_id']}"}


@app.activity_trigger(input_name="order")
def ship(order: dict) -> dict:
    if order["undeliverable"]:
        return {"outcome": "refused", "reference": None}
    return {"outcome": "done", "reference": f"shipment-{order['order_id']}"}


@app.activity_trigger(input_name="order")
def refund(order: dict) -> dict:
    return {"outcome": "done", "reference": f"refund-{order['order_id']}"}


@app.activity_trigger(input_name="order")
def release(order: dict) -> dict:
    return {"outcome": "done", "reference": f"release-{order['order_id']}"}


@app.activity_trigger(input_name="number")
def double(number: int) -> int:
    return 2 * number


@app.orchestration_trigger(context_name="context")
def saga(context: df.DurableOrchestrationContext):
    order = context.get_input()
    yield context.call_activity(reserve, order)
    yield context.call_activity(charge, order)
    shipment = yield context.call_activity(ship, order)
    if shipment["outcome"] == "done":
        return "completed"
    yield context.call_activity(refund, order)
    yield context.call_activity(release, order)
    return "compensated"


@app.orchestration_trigger(context_name="context")
def fan_out(context: df.DurableOrchestrationContext):
    results = yield context.task_all([context.call_activity(double, n) for n in range(context.get_input())])
    return sum(results)


@app.orchestration_trigger(context_name="context")
def chain(context: df.DurableOrchestrationContext):
    value = 0
    for _ in range(context.get_input()):
        value = (yield context.call_activity(double, 1)) + value
    return value


@app.orchestration_trigger(context_name="context")
def waits(context: df.DurableOrchestrationContext):
    return (yield context.wait_for_external_event("go"))


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    value = context.get_state(lambda: 0) + context.get_input()
    context.set_state(value)
    context.set_result(value)
