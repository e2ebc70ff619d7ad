"""`make run`, second start to ready, next to its floor: the start of Azurite alone and one import of the Durable SDK."""

import os
import subprocess
import tempfile
import time
from functools import partial
from pathlib import Path

from bench.figures import keep
from bench.timing import ROOT, environment, medians, python_seconds
from scripts.azurite import Ports, start_azurite
from scripts.service import wait_until_ready

ROUNDS = 7
SDK = "import azure.durable_functions"
READY_LINE = "is ready after"
GOAL = 1.5


def azurite_seconds(data: Path) -> float:
    started = time.perf_counter()
    azurite = start_azurite(data, Ports(0, 0, 0), log=data.parent / "azurite.log")
    wait_until_ready([azurite])
    seconds = time.perf_counter() - started
    azurite.stop()
    return seconds


def make_run_seconds(state: Path) -> float:
    """From typing the command to its saying that it is ready."""
    started = time.perf_counter()
    command = ["make", "--silent", "run", "PORT=0", f"STATE={state}"]
    make = subprocess.Popen(command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
    assert make.stdout is not None
    ready = any(READY_LINE in line for line in make.stdout)
    seconds = time.perf_counter() - started
    make.terminate()
    make.communicate()
    if not ready:
        raise SystemExit("make run did not become ready")
    return seconds


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        make_run_seconds(state)  # the first start, which fills the state
        measures = [
            partial(azurite_seconds, state / "azurite"),
            partial(python_seconds, SDK),
            partial(make_run_seconds, state),
        ]
        azurite, sdk, make_run = medians(ROUNDS, measures)
    floor = azurite + sdk
    keep("start_ratio", make_run / floor)
    print(
        f"start: Azurite {azurite:.2f} s + import of the SDK {sdk:.2f} s = floor {floor:.2f} s; make run {make_run:.2f} s"
    )
    print(f"start: ratio {make_run / floor:.2f} (goal: at most {GOAL})   load of the machine {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
