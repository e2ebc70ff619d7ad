"""durabletask on its in-memory back end, which keeps nothing: the floor of another engine. Run it in the peers' environment."""

from __future__ import annotations

import logging
import socket
import sys
import time
from collections import deque
from typing import Any

from durabletask import client, entities, task, worker
from durabletask.testing import create_test_backend

from bench.local_host.workloads import (
    IN_FLIGHT,
    SIZES,
    Figures,
    Sizes,
    in_threads,
    numbers,
    order,
    p50_p95,
    resident_kb,
)

TIMEOUT_S = 600
CALLERS = 4


def reserve(_: task.ActivityContext, order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"reservation-{order['order_id']}"}


def charge(_: task.ActivityContext, order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"charge-{order['order_id']}"}


def ship(_: task.ActivityContext, order: dict[str, Any]) -> dict[str, Any]:
    if order["undeliverable"]:
        return {"outcome": "refused", "reference": None}
    return {"outcome": "done", "reference": f"shipment-{order['order_id']}"}


def refund(_: task.ActivityContext, order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"refund-{order['order_id']}"}


def release(_: task.ActivityContext, order: dict[str, Any]) -> dict[str, Any]:
    return {"outcome": "done", "reference": f"release-{order['order_id']}"}


def double(_: task.ActivityContext, number: int) -> int:
    return 2 * number


def saga(context: task.OrchestrationContext, order: dict[str, Any]) -> Any:
    yield context.call_activity(reserve, input=order)
    yield context.call_activity(charge, input=order)
    shipment = yield context.call_activity(ship, input=order)
    if shipment["outcome"] == "done":
        return "completed"
    yield context.call_activity(refund, input=order)
    yield context.call_activity(release, input=order)
    return "compensated"


def fan_out(context: task.OrchestrationContext, count: int) -> Any:
    results = yield task.when_all([context.call_activity(double, input=number) for number in range(count)])
    return sum(results)


def chain(context: task.OrchestrationContext, count: int) -> Any:
    value = 0
    for _ in range(count):
        value = (yield context.call_activity(double, input=1)) + value
    return value


def waits(context: task.OrchestrationContext, _: Any) -> Any:
    return (yield context.wait_for_external_event("go"))


def counter(context: entities.EntityContext, value: int) -> int:
    total = (context.get_state(int, 0) or 0) + value
    context.set_state(total)
    return total


def measure(sizes: Sizes, hub: client.TaskHubGrpcClient) -> Figures:
    figures = Figures(durability="none: in memory")
    run(hub, saga, order(1))
    cpu = time.process_time()
    figures.sagas_per_s = sizes.sagas / _in_flight(hub, sizes.sagas)
    figures.saga_cpu_s = (time.process_time() - cpu) / sizes.sagas
    times = [run(hub, saga, order(number)) for number in range(sizes.single_sagas)]
    figures.single_p50_s, figures.single_p95_s = p50_p95(times)
    figures.fan_out_s = run(hub, fan_out, sizes.fan_out)
    figures.chain_s = run(hub, chain, sizes.chain)
    figures.increments_per_s = sizes.increments / _increments(hub, sizes.increments)
    _waiting(hub, sizes.waiting, figures)
    return figures


def _in_flight(hub: client.TaskHubGrpcClient, count: int) -> float:
    """Seconds for so many sagas, 64 of them in flight.

    The back end's server has ten threads, and every client that waits holds one, so a few callers keep many in flight
    each: they wait for their oldest one and start another.
    """
    shared = numbers(count)

    def caller(_: int) -> None:
        started: deque[str] = deque()
        for number in shared:
            started.append(hub.schedule_new_orchestration(saga, input=order(number)))
            if len(started) == IN_FLIGHT // CALLERS:
                hub.wait_for_orchestration_completion(started.popleft(), timeout=TIMEOUT_S)
        for instance_id in started:
            hub.wait_for_orchestration_completion(instance_id, timeout=TIMEOUT_S)

    return in_threads(caller, CALLERS, CALLERS)


def run(hub: client.TaskHubGrpcClient, orchestrator: Any, value: object) -> float:
    """Seconds from the start of an instance to its end."""
    began = time.perf_counter()
    instance_id = hub.schedule_new_orchestration(orchestrator, input=value)
    state = hub.wait_for_orchestration_completion(instance_id, timeout=TIMEOUT_S)
    assert state is not None
    assert state.runtime_status == client.OrchestrationStatus.COMPLETED, state
    return time.perf_counter() - began


def _increments(hub: client.TaskHubGrpcClient, count: int) -> float:
    entity, began = entities.EntityInstanceId("counter", "c"), time.perf_counter()
    in_threads(lambda _: hub.signal_entity(entity, "add", input=1), count, CALLERS)
    while (state := hub.get_entity(entity)) is None or state.get_state(int) != count:
        time.sleep(0.002)
    return time.perf_counter() - began


def _waiting(hub: client.TaskHubGrpcClient, count: int, figures: Figures) -> None:
    before, began = resident_kb(), time.perf_counter()
    in_threads(lambda n: hub.schedule_new_orchestration(waits, instance_id=f"waiting-{n}"), count, CALLERS)
    in_threads(lambda n: hub.wait_for_orchestration_start(f"waiting-{n}", timeout=TIMEOUT_S), count, CALLERS)
    figures.waiting_starts_per_s = count / (time.perf_counter() - began)
    figures.waiting_kb = (resident_kb() - before) / count
    began = time.perf_counter()
    in_threads(lambda n: hub.raise_orchestration_event(f"waiting-{n}", "go", data=1), count, CALLERS)
    in_threads(lambda n: hub.wait_for_orchestration_completion(f"waiting-{n}", timeout=TIMEOUT_S), count, CALLERS)
    figures.waiting_wakes_per_s = count / (time.perf_counter() - began)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main(size: str) -> None:
    logging.disable(logging.WARNING)
    port = free_port()
    backend = create_test_backend(port=port, max_history_size=1_000_000)
    address = f"localhost:{port}"
    try:
        with worker.TaskHubGrpcWorker(host_address=address) as grpc_worker:
            for orchestrator in (saga, fan_out, chain, waits):
                grpc_worker.add_orchestrator(orchestrator)
            for activity in (reserve, charge, ship, refund, release, double):
                grpc_worker.add_activity(activity)
            grpc_worker.add_entity(counter)
            grpc_worker.start()
            print(measure(SIZES[size], client.TaskHubGrpcClient(host_address=address)).text())
    finally:
        backend.stop()


if __name__ == "__main__":
    main(sys.argv[1])
