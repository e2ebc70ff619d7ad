"""What tracing adds to a cold start: the app with its first call traced, next to the app whose spans go nowhere.

What sends spans is loaded by a thread of its own, after the call that made the first ones; it is measured by itself.
"""

from functools import partial

from bench.figures import keep
from bench.imports import LIBRARIES
from bench.timing import medians, python_cpu_seconds

ROUNDS = 15
# Every first call of the app loads `requests`, be it traced or not.
APP = "import function_app, requests"
_FIRST_CALL = """
import os; os.environ.update({settings})
from services import tracing
with tracing._within(None, "first", "httpTrigger", ()): pass
"""
OFF = APP + _FIRST_CALL.format(settings="{}")
ON = APP + _FIRST_CALL.format(settings="OTEL_EXPORTER_OTLP_ENDPOINT='http://127.0.0.1:9'")
COLLECTOR = ON + "import opentelemetry.exporter.otlp.json.http.trace_exporter"
INSIGHTS = ON + "import azure.monitor.opentelemetry.exporter"
GOAL = 0.15


def main() -> None:
    measures = [partial(python_cpu_seconds, code) for code in (LIBRARIES, APP, OFF, ON, COLLECTOR, INSIGHTS)]
    libraries, app, off, on, collector, insights = medians(ROUNDS, measures)
    first, traced, otlp, azure = (
        round((after - before) * 1000) for before, after in ((app, off), (off, on), (on, collector), (on, insights))
    )
    print(f"tracing: a first call without spans adds {first} ms of processor time, with them {traced} ms")
    print(f"tracing: afterwards, in a thread: OTLP {otlp} ms, Application Insights {azure} ms")
    keep("tracing_ratio", (on - off) / libraries)
    print(f"tracing: first traced call ÷ import of the libraries {(on - off) / libraries:.2f} (goal: at most {GOAL})")


if __name__ == "__main__":
    main()
