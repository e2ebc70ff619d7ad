"""Run the benchmarks one after the other, each in a process of its own, and go on where one of them fails."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final, NamedTuple, NoReturn

from bench.figures import KEPT_IN
from bench.timing import ROOT

TIMEOUT_S: Final = 1_800
"""For one benchmark: many times what the longest takes on a busy machine."""

_STOP_TIMEOUT_S: Final = 60

Script = Sequence[str]
"""A benchmark's module and its arguments."""


class Measured(NamedTuple):
    """What benchmarks came to.

    Attributes:
        figures: What they kept, those of failed ones included.
        failures: What went wrong, a sentence for each failed benchmark.
        was_interrupted: Whether they were asked to stop before the last had ended.
    """

    figures: dict[str, float]
    failures: list[str]
    was_interrupted: bool


def scripts(orders: int) -> list[list[str]]:
    """Return every benchmark with its arguments. orders: of the shop's whole path."""
    return [
        ["bench.imports"],
        ["bench.tracing"],
        ["bench.start"],
        ["bench.orders", str(orders)],
        ["bench.real_worker", str(max(1, orders // 2))],
        ["bench.reports", "50"],
        ["bench.local_host", "short"],
        ["bench.local_host.start_up"],
        ["bench.order_budget", "40"],
        ["bench.saga_cost"],
        ["bench.pattern_cost"],
        ["bench.order_repository", "1000", "50000"],
        ["bench.console_pages", "2000"],
        ["bench.validation"],
        ["bench.hot_product", "100"],
        ["bench.file_batch", "300"],
        ["bench.order_batch", "200"],
    ]


def measure(chosen: Sequence[Script], timeout_s: float = TIMEOUT_S) -> Measured:
    """Run benchmarks and return their figures; what they print is shown."""
    failures: list[str] = []
    was_interrupted = False
    with tempfile.TemporaryDirectory() as folder, _stopped_by_signals():
        kept = Path(folder) / "figures"
        kept.touch()
        try:
            for number, script in enumerate(chosen, start=1):
                name, began = " ".join(script), time.monotonic()
                print(f"bench: {number} of {len(chosen)}: {name}", flush=True)
                problem = _problem_of(script, kept, timeout_s)
                print(f"bench: {name}: {problem or 'done'} after {time.monotonic() - began:.0f} s", flush=True)
                failures += [f"{name}: {problem}"] if problem else []
        except KeyboardInterrupt:
            was_interrupted = True
        figures: dict[str, float] = {}
        for line in kept.read_text(encoding="utf-8").splitlines():
            figures |= json.loads(line)
    return Measured(figures, failures, was_interrupted)


def _problem_of(script: Script, kept: Path, timeout_s: float) -> str:
    """Run one benchmark. Return what went wrong; empty when nothing did."""
    environment = {**os.environ, KEPT_IN: str(kept)}
    # A session of its own: what it has started is stopped with it.
    running = subprocess.Popen([sys.executable, "-m", *script], cwd=ROOT, env=environment, start_new_session=True)
    try:
        code = running.wait(timeout_s)
    except subprocess.TimeoutExpired:
        return f"stopped, for it had not ended in {timeout_s:.0f} s"
    finally:
        _stop(running)
    return f"exit code {code}" if code else ""


def _stop(running: subprocess.Popen[bytes]) -> None:
    """Interrupt a benchmark that still runs, so that it stops its own services, and end what is left of its session."""
    if running.poll() is None:
        os.killpg(running.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            running.wait(_STOP_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Make SIGTERM within the block what Ctrl-C is."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
