"""Count what a month of orders does in Azure, and multiply it by list prices.

A model, not a bill: `Workload` says what one order does. Measured transactions replace the model's (infra/README.md says how to
measure them).
"""

from scripts.cost.compute import compute
from scripts.cost.deployed import standing
from scripts.cost.line import Line
from scripts.cost.logs import logs
from scripts.cost.scenario import Scenario
from scripts.cost.task_hub import standing_storage, stored_orders, task_hub
from scripts.cost.traffic import traffic


def bill(scenario: Scenario) -> list[Line]:
    """Return what the scenario costs a month, line by line."""
    return [
        *compute(scenario),
        *task_hub(scenario),
        *standing_storage(scenario),
        *logs(scenario),
        *standing(scenario.plan, scenario.backend, scenario.options),
        *traffic(scenario.orders, stored_orders(scenario), scenario.workload, scenario.options),
    ]
