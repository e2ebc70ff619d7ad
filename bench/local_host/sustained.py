"""Many sagas in one run of one host: does it go on as it began, and does it need more memory?

python -m bench.local_host.sustained [COUNT]
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from bench.local_host.ours import by_callers, run, running
from bench.local_host.workloads import order, resident_kb

COUNT = 20_000
TENTHS = 10
GOAL = 0.9


async def main(count: int) -> None:
    tenth = count // TENTHS
    rates: list[float] = []
    costs: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "hub.db"
        async with running(state) as (host, _):
            await run(host.operations, "saga", order(1))
            for number in range(TENTHS):
                began, cpu = time.perf_counter(), time.process_time()
                await by_callers(lambda n: run(host.operations, "saga", order(n)), tenth)
                rates.append(tenth / (time.perf_counter() - began))
                costs.append((time.process_time() - cpu) / tenth * 1000)
                print(
                    f"tenth {number + 1}: {rates[-1]:.0f} sagas/s, {costs[-1]:.2f} ms of processor time each, "
                    f"{resident_kb() / 1024:.1f} MiB, load {os.getloadavg()[0]:.1f}",
                    flush=True,
                )
            print(
                f"{count} sagas: last tenth / first tenth {rates[-1] / rates[0]:.2f} (goal: at least {GOAL}); "
                f"in sagas per second of processor time, which other work takes nothing from, {costs[0] / costs[-1]:.2f}"
            )
            print(f"state: {state.stat().st_size / count:.0f} bytes for each saga")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT))
