"""What the app's own code adds to a cold start: importing function_app, next to importing only the libraries it stands on.

A start reads the index of the app's functions and imports none of them: what a call needs is imported by the first one. So the
second figure is a start together with what the whole path of an order imports, from its POST to its notification: what was put
off to the first order, and no less.
"""

from functools import partial

from bench.figures import keep
from bench.timing import medians, python_cpu_seconds

ROUNDS = 15
LIBRARIES = "import azure.functions, azure.durable_functions, pydantic"
APP = "import function_app"
OF_AN_ORDER = (
    "triggers.http.orders",
    "orchestrators.process_order",
    "entities.inventory",
    "activities.in_turn",
    "activities.order_repository",
    "activities.payment",
    "activities.shipping",
    "triggers.queue.notifications",
)
ORDER = f"{APP}, function_index\nfor module in {OF_AN_ORDER!r}: function_index.codes(module)"
GOAL, ORDER_GOAL = 1.3, 1.4


def main() -> None:
    measures = [partial(python_cpu_seconds, code) for code in (LIBRARIES, APP, ORDER)]
    libraries, app, order = medians(ROUNDS, measures)
    print(
        f"imports, in s of processor time: libraries {libraries:.3f}, function_app {app:.3f}, with an order {order:.3f}"
    )
    keep("import_ratio", app / libraries)
    keep("first_order_import_ratio", order / libraries)
    print(f"imports: ratio {app / libraries:.2f} (goal: at most {GOAL})")
    print(f"imports: with what an order's functions import {order / libraries:.2f} (goal: at most {ORDER_GOAL})")


if __name__ == "__main__":
    main()
