"""The Azure Functions app: registers every blueprint and nothing else."""

from blueprints import BLUEPRINTS  # first: it imports what everything else imports, with the collector off

# isort: split
import azure.durable_functions as df

from services.tracing import trace_calls

app = df.DFApp()
for blueprint in BLUEPRINTS:
    app.register_functions(blueprint)
trace_calls(app)
