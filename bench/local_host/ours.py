"""local_host with the app beside this file: the whole host in this process, state in a file, driven without HTTP."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from bench.local_host.workloads import IN_FLIGHT, SIZES, Figures, Sizes, numbers, order, p50_p95, resident_kb
from local_host.app.host_json import read_host_config
from local_host.app.loader import load_app
from local_host.app.sdk_replay import settle_typing_mode
from local_host.engine.collector import end_loading
from local_host.engine.operations import Operations
from local_host.engine.task_hub import TaskHub
from local_host.hosting.host import Host, HostParts
from local_host.web.server import bind

APP = Path(__file__).parent / "app"


def client_text(value: object) -> str:
    """Return an input as the SDK's client sends it: JSON within JSON."""
    return json.dumps(json.dumps(value))


@asynccontextmanager
async def running(state: Path) -> AsyncIterator[tuple[Host, TaskHub]]:
    """Yield the host as the command line starts it."""
    hub = TaskHub.open(state)
    app, config = load_app(APP), read_host_config(APP, os.environ)
    host = Host(HostParts(app=app, config=config, hub=hub, listener=bind("127.0.0.1", 0)))
    await host.start()
    settle_typing_mode()
    end_loading()
    try:
        yield host, hub
    finally:
        await host.stop()


async def measure(sizes: Sizes, state: Path) -> Figures:
    async with running(state) as (host, hub):
        return await _measure(sizes, host, hub)


async def _measure(sizes: Sizes, host: Host, hub: TaskHub) -> Figures:
    ops, figures = host.operations, Figures(durability="SQLite WAL, synchronous=FULL")
    await run(ops, "saga", order(1))
    cpu = time.process_time()
    figures.sagas_per_s = sizes.sagas / await by_callers(lambda n: run(ops, "saga", order(n)), sizes.sagas)
    figures.saga_cpu_s = (time.process_time() - cpu) / sizes.sagas
    times = [await run(ops, "saga", order(number)) for number in range(sizes.single_sagas)]
    figures.single_p50_s, figures.single_p95_s = p50_p95(times)
    figures.fan_out_s = await run(ops, "fan_out", sizes.fan_out)
    figures.chain_s = await run(ops, "chain", sizes.chain, instance_id="chain")
    figures.chain_floor_s = _floor(hub, "chain")
    figures.increments_per_s = sizes.increments / await _increments(host, sizes.increments)
    await _waiting(host, sizes.waiting, figures)
    return figures


async def run(ops: Operations, name: str, value: object, instance_id: str | None = None) -> float:
    """Seconds from the start of an instance to its end."""
    began = time.perf_counter()
    status = await ops.wait_ended(await ops.start(name, client_text(value), instance_id))
    assert status.runtime_status == "Completed", status
    return time.perf_counter() - began


def _floor(hub: TaskHub, instance_id: str) -> float:
    """Seconds that the SDK alone needs for all replays of that instance, in a new process."""
    recorded = {
        "name": hub.read("instance_row", (instance_id,))[0]["name"],
        "input_text": hub.read("instance_row", (instance_id,))[0]["input"],
        "episodes": [row["events"] for row in hub.read("history_of", (instance_id,))],
    }
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(recorded, file)
        file.flush()
        command = [sys.executable, "-W", "ignore", "-m", "bench.local_host.floor", file.name]
        return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


async def by_callers(work: Callable[[int], Awaitable[object]], count: int) -> float:
    """Return how many seconds `count` pieces of work took, with `IN_FLIGHT` of them at a time."""
    shared = numbers(count)

    async def caller() -> None:
        for number in shared:
            await work(number)

    began = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(IN_FLIGHT)))
    return time.perf_counter() - began


async def _increments(host: Host, count: int) -> float:
    ops, began = host.operations, time.perf_counter()
    await by_callers(lambda _: ops.signal_entity("counter", "c", "add", '"1"'), count)
    await host.until_idle()
    assert (await ops.read_entity("counter", "c")).state == str(count)
    return time.perf_counter() - began


async def _waiting(host: Host, count: int, figures: Figures) -> None:
    ops, before, began = host.operations, resident_kb(), time.perf_counter()
    await by_callers(lambda n: ops.start("waits", None, f"waiting-{n}"), count)
    await host.until_idle()
    figures.waiting_starts_per_s = count / (time.perf_counter() - began)
    figures.waiting_kb = (resident_kb() - before) / count
    began = time.perf_counter()
    await by_callers(lambda n: ops.raise_event(f"waiting-{n}", "go", "1"), count)
    await host.until_idle()
    figures.waiting_wakes_per_s = count / (time.perf_counter() - began)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(asyncio.run(measure(SIZES[sys.argv[1]], Path(folder) / "hub.db")).text())
