"""The classic three-step saga as tutorials have it: reserve, charge, ship as bare activities. The baseline of `bench.saga_cost`."""

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def classic_saga(context: df.DurableOrchestrationContext):
    order = context.get_input()
    reservation = yield context.call_activity(reserve, order)
    charge = yield context.call_activity(charge_card, order)
    shipment = yield context.call_activity(ship, order)
    return {"reservation": reservation, "charge": charge, "shipment": shipment}


@app.activity_trigger(input_name="order")
def reserve(order: dict) -> dict:
    return {"outcome": "done", "reference": f"reservation-{order['order_id']}"}


@app.activity_trigger(input_name="order")
def charge_card(order: dict) -> dict:
    return {"outcome": "done", "reference": f"charge-{order['order_id']}"}


@app.activity_trigger(input_name="order")
def ship(order: dict) -> dict:
    return {"outcome": "done", "reference": f"shipment-{order['order_id']}"}
