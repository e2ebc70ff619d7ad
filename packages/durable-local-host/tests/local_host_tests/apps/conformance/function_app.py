"""Small functions, one for each thing that the conformance checks look at."""

import azure.durable_functions as df
from conformance_activities import bp as activities
from conformance_entities import bp as entities
from conformance_http import bp as http
from conformance_orchestrators import bp as orchestrators

app = df.DFApp()
for blueprint in (activities, entities, http, orchestrators):
    app.register_functions(blueprint)


@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
def nightly(timer) -> None:
    """Runs when a test says so."""
