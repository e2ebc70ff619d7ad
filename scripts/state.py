"""The folder that holds everything one copy remembers, and the lock that keeps a second copy out of it.

hub.sqlite  sandbox.sqlite  azurite/  mails/   survive every stop        logs/     of this run and the one before
run.json    who runs here and where it listens; locked while any of its processes lives
"""

import fcntl
import json
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from scripts.errors import LaunchFailed

# What a killed launcher's children may take to stop by themselves.
LEFTOVERS_TIMEOUT_S = 40.0
LOCK_POLL_INTERVAL_S = 0.05


@dataclass(frozen=True)
class RunningCopy:
    """pid: the launcher's. Both URLs without a trailing slash."""

    pid: int
    base_url: str
    sandbox_url: str


class StateFolder:
    """Paths inside the folder; made when missing, for its owner alone: mails, orders and logs hold personal data."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.hub = root / "hub.sqlite"
        self.sandbox = root / "sandbox.sqlite"
        self.azurite = root / "azurite"
        self.mails = root / "mails"
        self.logs = root / "logs"
        self.seeded = root / "seeded"
        self._run = root / "run.json"

    def lock(self) -> IO[str]:
        """Take the folder for this process and the children that inherit the file. Raises LaunchFailed when it is taken.

        The children of a launcher that was killed are given the time to stop.
        """
        self._make()
        file = self._run.open("a+")
        deadline = time.monotonic() + LEFTOVERS_TIMEOUT_S
        while not _locked(file):
            holder = self.running_copy()
            if holder is None or _alive(holder.pid):
                raise LaunchFailed(self._refusal(holder))
            if time.monotonic() > deadline:
                raise LaunchFailed(
                    f"processes of an earlier run (launcher {holder.pid}) still use {self.root}: stop them first"
                )
            time.sleep(LOCK_POLL_INTERVAL_S)
        return file

    def announce(self, copy: RunningCopy) -> None:
        """Let other commands find this copy. Only the holder of the lock may call it."""
        self._run.write_text(json.dumps(asdict(copy)) + "\n")

    def running_copy(self) -> RunningCopy | None:
        """Return the copy that runs here, or ran last; None when there is no record of one."""
        try:
            return RunningCopy(**json.loads(self._run.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def live_copy(self) -> RunningCopy | None:
        """Return the running copy of this folder; None when there is none."""
        copy = self.running_copy()
        return copy if copy is not None and _alive(copy.pid) else None

    def _make(self) -> None:
        try:
            self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as refused:
            raise LaunchFailed(
                f"{self.root} cannot hold state ({refused.strerror}): choose another folder with STATE"
            ) from None

    def _refusal(self, holder: RunningCopy | None) -> str:
        who = f"{holder.base_url}, process {holder.pid}" if holder else "just starting"
        return f"{self.root} is in use by another copy ({who}): stop it, or give this one its own: make run STATE=.state2 PORT=7171"


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, under another user
        pass
    return True
