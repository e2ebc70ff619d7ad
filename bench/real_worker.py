"""The processor time of an order in the platform's own Python worker: `python -m bench.real_worker [COUNT]`.

Orders go through the shop's whole path with `azure-functions-runtime`, which Azure calls apps with from Python 3.13 on, in a
process of its own: the HTTP start, every episode with its history, activities, operations of entities and queue messages, against
Azurite, the sandbox and the mail catcher. `local_host`, in this process, is its host. With an older Python the script starts itself
again with that of `make platform`; where there is none, it says so and measures nothing.
"""

import argparse
import asyncio
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.figures import keep
from bench.timing import ROOT
from scripts.azurite import start_azurite
from scripts.local_copy import Addresses, start_mail_catcher, start_sandbox
from scripts.ports import PortReservations
from scripts.service import Service, wait_until_ready
from scripts.state import StateFolder

PLATFORM_PYTHON: Final = ROOT / ".venv-platform" / "bin" / "python"
RUNTIME: Final = "azure_functions_runtime"
WARM_UP: Final = 20
"""Orders before the measured ones: what is loaded by the first call is no cost of an order."""


@dataclass(frozen=True)
class Beside:
    """What the app talks to, and where the host keeps its state."""

    addresses: Addresses
    state: StateFolder


@contextmanager
def services_of_the_app(folder: Path) -> Iterator[Beside]:
    """Yield storage, sandbox and mail catcher, running."""
    reservations, state = PortReservations(), StateFolder(folder)
    services: list[Service] = []
    try:
        with state.lock():
            where = Addresses.choose({**os.environ, "PORT": "0"}, reservations)
            services += [
                start_sandbox(state.sandbox, where.sandbox, log=state.logs / "sandbox.log"),
                start_mail_catcher(state.mails, where.mail, log=state.logs / "mail.log"),
                start_azurite(state.azurite, where.azurite, log=state.logs / "azurite.log"),
            ]
            wait_until_ready(services)
            yield Beside(where, state)
    finally:
        for service in services:
            service.stop()
        reservations.release()


async def measure(count: int, beside: Beside) -> float:
    """Return the processor time of an order in the worker, in seconds."""
    from local_host.app.host_json import read_host_config
    from local_host.app.loader import load_app
    from local_host.engine.task_hub import TaskHub
    from local_host.hosting.host import Host, HostParts
    from local_host.web.server import bind
    from tests.support.runtime_worker import RuntimeWorker
    from tests.support.worker import running_worker

    os.environ.update(beside.addresses.app_environment(ROOT, os.environ), FUNCTIONS_WORKER_RUNTIME="python")
    async with running_worker(ROOT) as worker:
        await worker.load(ROOT)
        host = Host(
            HostParts(
                app=load_app(ROOT),
                config=read_host_config(ROOT, os.environ),
                hub=TaskHub.open(beside.state.hub),
                listener=bind("127.0.0.1", beside.addresses.app),
                worker=RuntimeWorker(worker),
            )
        )
        await host.start()
        try:
            return await asyncio.to_thread(measure_orders, count, beside, worker.pid)
        finally:
            await host.stop()


def measure_orders(count: int, beside: Beside, worker: int) -> float:
    from bench.orders import check, processor_seconds_of, run_orders, stock

    stock(beside.addresses.base_url, WARM_UP + count)
    run_orders(beside, WARM_UP)
    before = processor_seconds_of(worker)
    run_orders(beside, count, first=WARM_UP)
    spent = processor_seconds_of(worker) - before
    check(beside.state.hub, WARM_UP + count)
    return spent / count


def run_in_platform_python(arguments: list[str]) -> int:
    """Run this script with the Python of `make platform`; returns its exit code."""
    packages = [str(path) for path in (ROOT, *sorted((ROOT / "packages").glob("*/src")))]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(packages)}
    done = subprocess.run(
        [PLATFORM_PYTHON, "-m", "bench.real_worker", *arguments], cwd=ROOT, env=environment, check=False
    )
    return done.returncode


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.real_worker", description=__doc__)
    parser.add_argument("count", nargs="?", type=int, default=500, help="how many orders (default: %(default)s)")
    count = parser.parse_args().count
    if importlib.util.find_spec(RUNTIME) is None:
        if not PLATFORM_PYTHON.exists():
            print(
                "real_worker: skipped, for there is no Python from 3.13 on with the worker runtime: see `make platform`"
            )
            return
        sys.exit(run_in_platform_python([str(count)]))
    with tempfile.TemporaryDirectory() as folder, services_of_the_app(Path(folder) / "state") as beside:
        seconds = asyncio.run(measure(count, beside))
    keep("real_worker_cpu_ms", 1000 * seconds)
    print(
        f"real_worker: {1000 * seconds:.1f} ms of processor time for each of {count} orders in the worker, "
        f"Python {sys.version.split()[0]}; load of the machine {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
