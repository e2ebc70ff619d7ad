"""A host in a process of its own, as `python -m local_host start` has it, for tests that stop and kill it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO, TypeVar
from urllib.request import Request, urlopen

from local_host.app.binding_value import MANAGEMENT_PATH

T = TypeVar("T")

_PACKAGES = Path(__file__).parents[2]
_ENDED = ("Completed", "Failed", "Terminated")
_POLL_INTERVAL_S = 0.02


class HostProcess:
    """A running host. url: where it answers; announced: the lines that it printed before it was ready."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: TextIO | None) -> None:
        self.process = subprocess.Popen(
            command,
            cwd=_PACKAGES,  # so that it runs this very package, whichever one is installed
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **environment},
        )
        self.announced: list[str] = []
        self.url = self.next_ready_url()

    def start(self, orchestrator: str, value: Any = None) -> str:
        """Start an orchestration over HTTP; returns its id."""
        return str(self.request("POST", f"{MANAGEMENT_PATH}/orchestrators/{orchestrator}", json.dumps(value))["id"])

    def status(self, instance_id: str) -> dict[str, Any]:
        """Return the body of the status query."""
        return dict(self.request("GET", f"{MANAGEMENT_PATH}/instances/{instance_id}"))

    def ended(self, instance_id: str) -> dict[str, Any]:
        """Wait until the instance has ended, and return its status."""
        return eventually(lambda: _if_ended(self.status(instance_id))) or {}

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request and return the decoded JSON of the answer.

        Args:
            method: The HTTP method.
            path: What follows the host's address.
            body: Sent as JSON unless None.

        Raises:
            HTTPError: For an answer of 4xx or 5xx.
        """
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urlopen(request, timeout=120) as response:
            text = response.read()
        return json.loads(text) if text else None

    def kill(self) -> None:
        """End the process at once, by SIGKILL."""
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """Stop the process by SIGTERM and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=300)

    def next_ready_url(self) -> str:
        """Wait until the host is ready, and return its address; `announced` then has the lines before.

        Raises:
            AssertionError: The host ended before.
        """
        assert self.process.stdout is not None
        self.announced.clear()
        for line in self.process.stdout:
            self.announced.append(line.rstrip("\n"))
            if line.startswith("local_host ready "):
                return line.split()[-1]
        raise AssertionError(f"the host ended with {self.process.wait()}")


@contextmanager
def host_process(
    state: Path,
    *,
    app: Path,
    grace_s: float = 5,
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    log: TextIO | None = None,
) -> Iterator[HostProcess]:
    """Run a host that is gone when the block ends.

    Args:
        state: Its SQLite file.
        app: The app's folder.
        grace_s: How long a stop waits for what is in hand.
        environment: Variables beside those of this process.
        options: Further options of `local_host start`.
        log: Takes what the host writes to its standard error.
    """
    command = [sys.executable, "-m", "local_host", "start", "--app", str(app), "--port", "0", "--state", str(state)]
    host = HostProcess([*command, "--grace", str(grace_s), *options], environment or {}, log)
    try:
        yield host
    finally:
        host.kill()


def eventually(look: Callable[[], T]) -> T:
    """Return what `look` returns, once that is something; the test's own time limit ends a wait in vain."""
    while not (found := look()):
        time.sleep(_POLL_INTERVAL_S)
    return found


def _if_ended(status: dict[str, Any]) -> dict[str, Any] | None:
    return status if status["runtimeStatus"] in _ENDED else None
