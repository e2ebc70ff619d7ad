"""The host and the sandbox as processes of their own, which are killed and started again on the files they left behind."""

import os
import re
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from scripts.service import Service, wait_until_ready
from tests.support.shop import ROOT


@dataclass
class Reborn:
    """One program with one state file. It keeps its port, as a deployed one keeps its address.

    Attributes:
        folder: Of its logs.
        disk: Of its state, when that is another folder.
    """

    name: str
    arguments: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    disk: Path | None = None
    logs: list[Path] = field(default_factory=list)
    port: int = 0
    _service: Service | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def state(self) -> Path:
        return (self.disk or self.folder) / f"{self.name}.db"

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended by itself."""
        return self._service is not None and self._service.exit_code is not None

    def start(self) -> None:
        """Wait until it accepts requests."""
        self.logs.append(self.folder / f"{self.name}-{len(self.logs)}.log")
        command = [sys.executable, "-m", *self.arguments, "--port", str(self.port), "--state", str(self.state)]
        ready = re.compile(rf"^{self.name} ready http://127\.0\.0\.1:(\d+)$", re.MULTILINE)
        self._service = Service(
            self.name, command, ready=ready, log=self.logs[-1], environment=self.environment, directory=ROOT
        )
        wait_until_ready([self._service])
        match = self._service.ready_match()
        assert match
        self.port = int(match[1])

    def kill(self) -> None:
        """At once, with whatever it is doing."""
        assert self._service
        os.kill(self._service.pid, signal.SIGKILL)
        self._service.stop()

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal."""
        assert self._service
        os.kill(self._service.pid, number)

    def kill_children(self) -> int:
        """Kill the processes that this one has started: a host's workers. Return how many there were. Only on Linux."""
        return self.send_children(signal.SIGKILL)

    def send_children(self, number: signal.Signals) -> int:
        """Send a signal to the processes that this one has started. Return how many there were. Only on Linux."""
        assert self._service
        with suppress(FileNotFoundError):  # the process itself has ended
            children = Path(f"/proc/{self._service.pid}/task/{self._service.pid}/children").read_text(encoding="ascii")
            for child in map(int, children.split()):
                with suppress(ProcessLookupError):
                    os.kill(child, number)
            return len(children.split())
        return 0

    def stop(self) -> None:
        """In good order. Safe to repeat."""
        if self._service is not None:
            self._service.stop()


@contextmanager
def running(program: Reborn) -> Iterator[Reborn]:
    """Start it, and stop it when the block ends."""
    try:
        program.start()
        yield program
    finally:
        program.stop()
