"""From typing `python -m local_host start` for the shop's app to the first request answered, next to `import function_app`.

Both as seconds that a person waits and as processor time, which hardly depends on what else the machine does. There is no
storage account: functions of queues and blobs look for one in vain meanwhile, as they look for messages otherwise.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import time
from http.client import HTTPConnection
from urllib.parse import urlsplit

from bench.figures import keep
from bench.timing import ROOT, environment

ROUNDS = 9
GOAL = 1.3
FLOOR = [sys.executable, "-c", "import function_app, os; os._exit(0)"]
START = [sys.executable, "-m", "local_host", "start", "--port", "0", "--state", ":memory:", "--grace", "0"]


def settings() -> dict[str, str]:
    example = json.loads((ROOT / "local.settings.json.example").read_text(encoding="utf-8"))
    return {**environment(), **example["Values"]}


def spent(usage: int) -> float:
    used = resource.getrusage(usage)
    return used.ru_utime + used.ru_stime


def import_seconds() -> tuple[float, float]:
    """Seconds and processor seconds of importing the app in a new interpreter."""
    began, before = time.perf_counter(), spent(resource.RUSAGE_CHILDREN)
    subprocess.run(FLOOR, cwd=ROOT, env=settings(), check=True)
    return time.perf_counter() - began, spent(resource.RUSAGE_CHILDREN) - before


def start_seconds() -> tuple[float, float]:
    """Return the same of starting the host, up to its first answer."""
    began, before = time.perf_counter(), spent(resource.RUSAGE_CHILDREN)
    with subprocess.Popen(START, cwd=ROOT, env=settings(), stdout=subprocess.PIPE, text=True) as host:
        assert host.stdout is not None
        url = next(line for line in host.stdout if line.startswith("local_host ready ")).split()[-1]
        connection = HTTPConnection(urlsplit(url).netloc)
        connection.request("GET", "/admin/host/status")
        answered = connection.getresponse().status == 200
        seconds = time.perf_counter() - began
        host.kill()
    assert answered
    return seconds, spent(resource.RUSAGE_CHILDREN) - before


def main() -> None:
    import_seconds(), start_seconds()  # compiled modules and the disk's cache
    taken = [(*import_seconds(), *start_seconds()) for _ in range(ROUNDS)]
    floor, floor_cpu, start, start_cpu = (statistics.median(column) for column in zip(*taken, strict=True))
    keep("host_start_ratio", start / floor)
    print(f"start: import function_app {floor:.2f} s ({floor_cpu:.2f} s of processor time)")
    print(f"start: first request answered after {start:.2f} s ({start_cpu:.2f} s of processor time)")
    print(f"start: ratio {start / floor:.2f}, of processor time {start_cpu / floor_cpu:.2f} (goal: at most {GOAL})")
    print(f"start: load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
