"""Time fresh processes, as a start of the app pays for them."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def environment() -> dict[str, str]:
    """Ours, without the switch that keeps Python from storing compiled modules, with which no app is run."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def python_seconds(code: str) -> float:
    """How long a new interpreter takes for this code, from its start to its end."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment(), check=True)
    return time.perf_counter() - started


def python_cpu_seconds(code: str) -> float:
    """Return the processor time that a new interpreter takes for this code: hardly longer on a busy machine.

    Without the interpreter's end: a start does not wait for it, and it costs more the more was imported.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", f"{code}\nimport os; os._exit(0)"], cwd=ROOT, env=environment(), check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def medians(rounds: int, measures: Sequence[Callable[[], float]]) -> list[float]:
    """Return the median of each, taken in turns, so that a busy moment of the machine meets all of them."""
    for measure in measures:  # compiled modules and the disk's cache
        measure()
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]
