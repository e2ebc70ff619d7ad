"""One child process with a log file of its own: started, awaited until it says that it is ready, stopped by SIGTERM.

What must stay true: no child outlives its parent. On Linux the kernel sends the children a signal when the parent dies,
however it dies; elsewhere only an orderly end stops them. Children are process groups of their own, so that a Ctrl-C at
the terminal reaches the parent alone and the parent decides the order in which they stop.
"""

import ctypes
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from scripts.errors import LaunchFailed

READY_TIMEOUT_S = 180.0
STOP_TIMEOUT_S = 30.0
LOG_POLL_INTERVAL_S = 0.01
PR_SET_PDEATHSIG = 1


class Service:
    """A child process with a log.

    Attributes:
        name: The name for people.
        ready: Matches the log once the process accepts requests.
        log: Both output streams of this run; the previous run's are beside it as `NAME.previous.log`.
        keep_open: File descriptors that the child inherits.
        orphaned: The signal that the child gets when this process dies without having stopped it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        ready: re.Pattern[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
        keep_open: Sequence[int] = (),
        orphaned: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.name = name
        self.log = log
        self._ready = ready
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".previous.log"))
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                cwd=directory,
                pass_fds=keep_open,
                process_group=0,
                preexec_fn=_die_with_parent(orphaned),  # noqa: PLW1509 - no other thread runs here
            )

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the signal that ended it."""
        return self._process.poll()

    def ready_match(self) -> re.Match[str] | None:
        """Return the match of the ready pattern in the log; None before it is ready."""
        return self._ready.search(self.log.read_text(errors="replace"))

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the log, indented."""
        return "\n".join(f"  {line}" for line in self.log.read_text(errors="replace").splitlines()[-count:])

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> bool:
        """Ask it to end and wait. False: it had to be killed, having ignored the request for timeout_s."""
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        return True

    def death_notice(self) -> str:
        """Return what to print when it ended unasked: how, and its last words; one line when it said no more than that."""
        code = self.exit_code
        how = f"exit code {code}" if code is None or code >= 0 else f"signal {signal.Signals(-code).name}"
        said = self.log.read_text(errors="replace").strip()
        if said and "\n" not in said:
            return f"{self.name} stopped ({how}): {said}"
        return f"{self.name} stopped ({how}). The end of {self.log}:\n{self.last_lines()}"


def wait_until_ready(
    services: Iterable[Service],
    *,
    interrupted: Callable[[], bool] = lambda: False,
    timeout_s: float = READY_TIMEOUT_S,
) -> bool:
    """Wait for all services.

    Returns:
        True when all are ready, False when interrupted() returned True before.

    Raises:
        LaunchFailed: A service ended or took too long.
    """
    waiting = list(services)
    deadline = time.monotonic() + timeout_s
    while waiting:
        if interrupted():
            return False
        # The exit code first: a service may write its last words and end between the two looks.
        ended = [service for service in waiting if service.exit_code is not None]
        if ended:
            raise LaunchFailed(ended[0].death_notice())
        waiting = [service for service in waiting if service.ready_match() is None]
        if waiting and time.monotonic() > deadline:
            service = waiting[0]
            raise LaunchFailed(
                f"{service.name} is not ready after {timeout_s:.0f} s. Its log {service.log}:\n{service.last_lines()}"
            )
        time.sleep(LOG_POLL_INTERVAL_S)
    return True


def _die_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, number)
        if os.getppid() != parent:  # it died between the fork and the request
            os.kill(os.getpid(), number)

    return ask_the_kernel
