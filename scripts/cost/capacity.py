"""Calculate how many orders a second a deployment takes, and which part of it is full first.

The demand of an order is `Workload`; what a part takes is documented (`limits`), measured (`processor`) or set by host.json.
"""

from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

from adapters.stores.order_index import PARTITIONS
from scripts.cost import limits, prices, processor
from scripts.cost.instances import BUSY_PERCENT, VCPUS
from scripts.cost.storage import ORDER
from scripts.cost.workload import Workload
from scripts.host_json import host_json

_BUSY: Final = BUSY_PERCENT / 100
_OPERATIONS_PER_MESSAGE: Final = 3
"""Put, read and deleted."""

ORDERED: Final = Workload()


class Full(NamedTuple):
    """A part of a deployment, and how many orders a second it takes until it is full."""

    part: str
    orders_per_s: float


def first_full(parts: Iterator[Full]) -> Full:
    """Return the part that is full first."""
    return min(parts, key=lambda each: each.orders_per_s)


def of_instance(plan: str, memory_mb: int = 2048, load: Workload = ORDERED) -> Full:
    """Return what is full first on one instance of a plan. memory_mb: of FC1."""
    return first_full(_of_instance(plan, vcpus_of(plan, memory_mb), load))


def vcpus_of(plan: str, memory_mb: int = 2048) -> float:
    """Return the processors of one instance."""
    return prices.FC1_VCPUS[memory_mb] if plan == "FC1" else VCPUS[plan]


def _of_instance(plan: str, vcpus: float, load: Workload) -> Iterator[Full]:
    durable = _durable(plan)
    yield from _processors(vcpus, load.cpu_s, load.worker_cpu_s)
    yield Full(
        "activities at a time", durable["maxConcurrentActivityFunctions"] / (load.all_activities * load.activity_s)
    )
    yield _orchestrators(durable, load)


def _processors(vcpus: float, cpu_s: float, worker_s: float) -> Iterator[Full]:
    yield Full("processors", _BUSY * vcpus / cpu_s)
    # It is one Python process: it uses one processor, however many there are.
    yield Full("the Python worker", _BUSY / worker_s)


def _orchestrators(durable: dict[str, Any], load: Workload) -> Full:
    episodes_s = load.all_episodes * load.orchestrator_s
    return Full("orchestrators at a time", durable["maxConcurrentOrchestratorFunctions"] / episodes_s)


def of_deployment(plan: str, backend: str, *, partitions: int = 4, units: int = 0, memory_mb: int = 2048) -> Full:
    """Return what is full first of a deployment that has as many instances as its plan gives.

    Args:
        plan: Name of the plan.
        backend: AzureStorage or DurableTaskScheduler.
        partitions: Of the task hub in Azure Storage.
        units: Of a dedicated scheduler; 0 for one on Consumption.
        memory_mb: Of an instance of FC1.
    """

    def parts() -> Iterator[Full]:
        instances = limits.MAX_INSTANCES[plan].number
        yield Full(f"{instances} instances", instances * of_instance(plan, memory_mb).orders_per_s)
        yield from shared_parts(backend, partitions=partitions, units=units)
        if backend == "AzureStorage":
            yield _orchestrating_instances(plan, partitions, vcpus_of(plan, memory_mb))

    return first_full(parts())


def _orchestrating_instances(plan: str, partitions: int, vcpus: float) -> Full:
    """Return what the instances take that run orchestrators: one for each partition at most."""
    in_worker, in_host = (ORDERED.all_episodes * run_s for run_s in (ORDERED.run_in_worker_s, processor.RUN_IN_HOST_S))
    of_one = first_full(
        iter([*_processors(vcpus, in_worker + in_host, in_worker), _orchestrators(_durable(plan), ORDERED)])
    )
    return Full(f"orchestrators on {partitions} instances", partitions * of_one.orders_per_s)


def shared_parts(backend: str, *, partitions: int = 4, units: int = 0) -> Iterator[Full]:
    """Yield the parts that all instances share."""
    messages = ORDERED.control_messages + ORDERED.all_activities
    if backend == "AzureStorage":
        yield Full("control queues", partitions * _queue(ORDERED.control_messages))
        yield Full("work-item queue", _queue(ORDERED.all_activities))
        requests = ORDERED.life_requests.number + messages
    else:
        actions = (
            units * limits.SCHEDULER_UNIT_ACTIONS_PER_S.number or limits.SCHEDULER_CONSUMPTION_ACTIONS_PER_S.number
        )
        yield Full("the scheduler", actions / ORDERED.scheduler_actions)
        requests = ORDER.number + ORDERED.parcel_requests.number
    yield Full("storage account", limits.ACCOUNT_REQUESTS_PER_S.number / (requests + 2 * ORDERED.polls))
    yield Full("order repository", len(PARTITIONS) * limits.PARTITION_ROWS_PER_S.number / ORDERED.repository_rows)


def _queue(messages: float) -> float:
    return limits.QUEUE_MESSAGES_PER_S.number / (_OPERATIONS_PER_MESSAGE * messages)


@cache
def _durable(plan: str) -> dict[str, Any]:
    durable: dict[str, Any] = host_json(plan, "AzureStorage")["extensions"]["durableTask"]
    return durable
