"""The Azure Functions app: registers every function that is declared and decides nothing else."""

import function_index  # first: it imports what everything else imports, with the collector off

# isort: split
import azure.durable_functions as df

app = df.DFApp()
app.register_functions(function_index.blueprint())
