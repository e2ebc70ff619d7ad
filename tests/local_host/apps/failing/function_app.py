"""Functions that raise."""

import azure.durable_functions as df

app = df.DFApp()


@app.orchestration_trigger(context_name="context")
def calls_failing(context: df.DurableOrchestrationContext):
    yield context.call_activity("boom", 1)


@app.orchestration_trigger(context_name="context")
def raises(context: df.DurableOrchestrationContext):
    yield context.call_activity("fine", 1)
    raise RuntimeError("orchestrator bug marker")


@app.activity_trigger(input_name="n")
def boom(n: int) -> None:
    raise ValueError("activity bug marker")


@app.activity_trigger(input_name="n")
def fine(n: int) -> int:
    return n
