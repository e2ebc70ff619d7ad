"""Describe what is deployed, and how much it is used."""

from dataclasses import dataclass, field, replace
from typing import Final

from scripts.cost import prices
from scripts.cost.deployed import Options
from scripts.cost.instances import MONTH_S, VCPUS
from scripts.cost.workload import VERSION_1_0, Workload

PLANS: Final = tuple(VCPUS)
BACKENDS: Final = ("AzureStorage", "DurableTaskScheduler", "MSSQL")
FC1_MEMORY_MB: Final = tuple(prices.FC1_VCPUS)
MAX_Y1_MEMORY_MB: Final = 1536
"""No process of Y1 gets more."""

DEFAULT_PARTITIONS: Final = 4
"""Of a task hub in Azure Storage, unless others are asked for: what host.json says."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """What is deployed, and how much it is used.

    Attributes:
        orders: Orders a month.
        memory_mb: Memory of an instance (FC1) or of the process (Y1).
        concurrency: Runs that share a busy instance (FC1); None when the orders come evenly.
        always_ready: Instances of FC1 that are always ready for orchestrations.
        instances: Instances of a Premium or App Service plan, on average; None for as many as the load needs.
        partitions: Of a task hub in Azure Storage.
        repeats_logs: Whether a diagnostic setting sends the app's log lines a second time (`FunctionAppLogs`).
        traced_share: Of how many orders everything is kept; of the others, what alerts read.
        options: What the template adds.
    """

    orders: int
    plan: str = "FC1"
    backend: str = "AzureStorage"
    memory_mb: int = 2048
    concurrency: int | None = None
    always_ready: int = 1
    instances: float | None = None
    partitions: int = DEFAULT_PARTITIONS
    repeats_logs: bool = False
    traced_share: float = 1.0
    workload: Workload = field(default_factory=Workload)
    options: Options = field(default_factory=Options)

    @property
    def vcpus(self) -> float:
        """Processors of one instance."""
        return prices.FC1_VCPUS[self.memory_mb] if self.plan == "FC1" else VCPUS[self.plan]

    @property
    def orders_per_s(self) -> float:
        """Orders a second, on average."""
        return self.orders / MONTH_S


def before(scenario: Scenario) -> Scenario:
    """Return the same month with the orders of version 1.0."""
    return replace(scenario, workload=replace(VERSION_1_0, polls=scenario.workload.polls))
