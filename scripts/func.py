"""`make func`: the same app under Azure Functions Core Tools, with what it talks to on the ports of the example settings.

The real host ends itself when its worker died three times in half an hour, or when the storage account was away for two minutes.
On Azure the platform starts it again; here this command does, a few times within half an hour.

Ends with 0 when asked to stop, with 1 when something is missing, or when func ends too often.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from scripts.app_settings import EXAMPLE, LOCAL
from scripts.azurite import start_azurite
from scripts.errors import LaunchFailed
from scripts.local_copy import Addresses, start_mail_catcher, start_sandbox
from scripts.node import ROOT
from scripts.ports import PortReservations
from scripts.run import DEFAULT_STATE
from scripts.service import STOP_TIMEOUT_S, wait_until_ready
from scripts.state import RunningCopy, StateFolder
from scripts.stop_request import StopRequest
from scripts.terminal import own_foreground

# What local.settings.json.example says, so that `func start` typed by hand finds the same servers.
STANDARD_PORTS = {
    "AZURITE_BLOB_PORT": "10000",
    "AZURITE_QUEUE_PORT": "10001",
    "AZURITE_TABLE_PORT": "10002",
    "SANDBOX_PORT": "7090",
    "MAIL_PORT": "7025",
}
MAX_RESTARTS: Final = 3
_RESTART_WINDOW_S: Final = 30 * 60
HOW_TO_GET_FUNC = """\
Azure Functions Core Tools (`func`) is not on the PATH. Install version 4, one of:
  npm install -g azure-functions-core-tools@4 --unsafe-perm true
  brew tap azure/functions && brew install azure-functions-core-tools@4
  apt-get install azure-functions-core-tools-4     (from packages.microsoft.com)
`make run` runs the same app without it."""


def run_under_func(folder: Path, given: Mapping[str, str], stop: StopRequest) -> None:
    """Run the app until asked to stop. folder: of the app. given: the environment. Raises LaunchFailed."""
    func = shutil.which("func", path=given.get("PATH"))
    if func is None:
        raise LaunchFailed(HOW_TO_GET_FUNC)
    state = StateFolder(Path(given.get("STATE") or DEFAULT_STATE))
    with ExitStack() as held:
        reservations = PortReservations()
        held.callback(reservations.release)
        lock = held.enter_context(state.lock()).fileno()
        where = Addresses.choose({**STANDARD_PORTS, **given}, reservations)
        state.announce(RunningCopy(os.getpid(), where.base_url, where.sandbox_url))
        azurite = start_azurite(state.azurite, where.azurite, log=state.logs / "azurite.log", keep_open=[lock])
        held.callback(azurite.stop)
        sandbox = start_sandbox(state.sandbox, where.sandbox, log=state.logs / "sandbox.log", keep_open=[lock])
        held.callback(sandbox.stop)
        mail = start_mail_catcher(state.mails, where.mail, log=state.logs / "mail.log", keep_open=[lock])
        held.callback(mail.stop)
        _copy_settings(folder)
        if wait_until_ready([azurite, sandbox, mail], interrupted=lambda: stop.made):
            environment = where.app_environment(folder, given)
            _supervise([func, "start", "--port", str(where.app)], folder, _in_venv(environment), stop)


def _copy_settings(folder: Path) -> None:
    if not (folder / LOCAL).exists():
        shutil.copyfile(folder / EXAMPLE, folder / LOCAL)
        print(f"Copied {EXAMPLE} to {LOCAL}", flush=True)


def _in_venv(environment: Mapping[str, str]) -> dict[str, str]:
    """Core Tools runs the app with the first `python` on the PATH."""
    binaries = Path(sys.executable).parent
    return {**environment, "VIRTUAL_ENV": str(binaries.parent), "PATH": f"{binaries}:{environment['PATH']}"}


def _supervise(command: list[str], folder: Path, environment: Mapping[str, str], stop: StopRequest) -> None:
    """Run func, and again when it ends by itself. Raises LaunchFailed when that happens too often."""
    ends: list[float] = []
    while (code := _run_once(command, folder, environment, stop)) is not None:
        now = time.monotonic()
        ends = [*(end for end in ends if now - end < _RESTART_WINDOW_S), now]
        ended = f"`{' '.join(command)}` ended by itself with {code}"
        if len(ends) > MAX_RESTARTS:
            raise LaunchFailed(f"{ended}, {len(ends)} times within half an hour")
        print(f"{ended}; starting it again ({len(ends)} of {MAX_RESTARTS})", file=sys.stderr, flush=True)


def _run_once(command: list[str], folder: Path, environment: Mapping[str, str], stop: StopRequest) -> int | None:
    """Return the code that func ended with; None when it was asked to stop.

    func writes to this terminal; it and its workers are one group, which gets the Ctrl-C that the terminal would send it.
    """
    func = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, process_group=0)
    try:
        while not stop.made and func.poll() is None:
            stop.wait()
        return None if stop.made else func.returncode
    finally:
        _interrupt(func)
        with suppress(ProcessLookupError):  # a worker can outlive its host, and would hold its files and ports
            os.killpg(func.pid, signal.SIGKILL)


def _interrupt(func: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        if func.poll() is None:
            os.killpg(func.pid, number)
            try:
                func.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue


def main() -> int:
    """Run the app under Core Tools; return the exit code."""
    try:
        with own_foreground():
            run_under_func(ROOT, os.environ, StopRequest())
    except LaunchFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
