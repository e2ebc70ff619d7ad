"""`make func`: the same app under Azure Functions Core Tools, with what it talks to on the ports of the example settings.

Ends with 0 when asked to stop, with 1 when something is missing, or ended by itself.
"""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from tools.app_settings import EXAMPLE, LOCAL
from tools.azurite import start_azurite
from tools.errors import LaunchFailed
from tools.local_copy import Addresses, start_mail_catcher, start_sandbox
from tools.node import ROOT
from tools.ports import PortReservations
from tools.run import DEFAULT_STATE
from tools.service import STOP_TIMEOUT_S, wait_until_ready
from tools.state import RunningCopy, StateFolder
from tools.stop_request import StopRequest
from tools.terminal import own_foreground

# What local.settings.json.example says, so that `func start` typed by hand finds the same servers.
STANDARD_PORTS = {
    "AZURITE_BLOB_PORT": "10000",
    "AZURITE_QUEUE_PORT": "10001",
    "AZURITE_TABLE_PORT": "10002",
    "SANDBOX_PORT": "7090",
    "MAIL_PORT": "7025",
}
HOW_TO_GET_FUNC = """\
Azure Functions Core Tools (`func`) is not on the PATH. Install version 4, one of:
  npm install -g azure-functions-core-tools@4 --unsafe-perm true
  brew tap azure/functions && brew install azure-functions-core-tools@4
  apt-get install azure-functions-core-tools-4     (from packages.microsoft.com)
`make run` runs the same app without it."""


def run_under_func(folder: Path, given: Mapping[str, str], stop: StopRequest) -> None:
    """Until asked to stop. folder: of the app. given: the environment. Raises LaunchFailed."""
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
    """func writes to this terminal; it and its workers are one group, which gets the Ctrl-C that the terminal would send it."""
    func = subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, process_group=0)
    try:
        while not stop.made and func.poll() is None:
            stop.wait()
        if not stop.made:
            raise LaunchFailed(f"`{' '.join(command)}` ended by itself with {func.returncode}")
    finally:
        _interrupt(func)


def _interrupt(func: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGINT, signal.SIGKILL):
        if func.poll() is None:
            os.killpg(func.pid, number)
            try:
                func.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                continue


def main() -> int:
    try:
        with own_foreground():
            run_under_func(ROOT, os.environ, StopRequest())
    except LaunchFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
