"""A host as a process of its own, for the checks that kill it."""

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

from local_host_tests.conformance.support import APP, MANAGEMENT, PACKAGE

T = TypeVar("T")


class HostProcess:
    """A running `python -m local_host start`."""

    def __init__(
        self,
        state: Path,
        app: Path,
        grace_s: float,
        environment: Mapping[str, str],
        options: Sequence[str],
        log: TextIO | None,
    ) -> None:
        command = [sys.executable, "-m", "local_host", "start", "--app", str(app), "--port", "0", "--state", str(state)]
        self.process = subprocess.Popen(
            [*command, "--grace", str(grace_s), *options],
            cwd=PACKAGE / "src",  # found there, even where a test clears PYTHONPATH
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**os.environ, **environment},
        )
        self.announced: list[str] = []
        self.url = self.next_ready_url()

    def start(self, orchestrator: str, value: Any = None) -> str:
        return str(self.request("POST", f"{MANAGEMENT}/orchestrators/{orchestrator}", json.dumps(value))["id"])

    def status(self, instance_id: str) -> dict[str, Any]:
        return dict(self.request("GET", f"{MANAGEMENT}/instances/{instance_id}"))

    def ended(self, instance_id: str) -> dict[str, Any]:
        """The status, once the instance has ended."""
        return eventually(lambda: _if_ended(self.status(instance_id))) or {}

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """body: encoded as JSON. The decoded body of the answer; an answer of 4xx or 5xx raises HTTPError."""
        data = None if body is None else json.dumps(body).encode()
        request = Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with urlopen(request, timeout=30) as response:
            text = response.read()
        return json.loads(text) if text else None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def terminate(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def next_ready_url(self) -> str:
        """Where the host answers, once it says so; `announced` then has the lines before."""
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
    app: Path = APP,
    grace_s: float = 5,
    environment: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
    log: TextIO | None = None,
) -> Iterator[HostProcess]:
    """A host that is gone when the block ends. log: takes what it writes to its standard error."""
    host = HostProcess(state, app, grace_s, environment or {}, options, log)
    try:
        yield host
    finally:
        host.kill()


def eventually(look: Callable[[], T]) -> T:
    """What `look` returns, once that is something; the test's own time limit ends a wait in vain."""
    while not (found := look()):
        time.sleep(0.02)
    return found


def _if_ended(status: dict[str, Any]) -> dict[str, Any] | None:
    return status if status["runtimeStatus"] in ("Completed", "Failed", "Terminated") else None
