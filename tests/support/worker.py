"""The real Python worker runtime in a process of its own, with an app in it, called as the Functions host calls it.

`azure-functions-runtime` is what the platform's worker loads and calls apps with from Python 3.13 on; with an older Python there
is none to run. What the app logs comes back as it does to the host: each line with the invocation id that the worker found
for it, or with none, in which case the host throws it away.
"""

import asyncio
import base64
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

_PROGRAM = Path(__file__).with_name("worker_program.py")
_MAX_LINE_BYTES = 1 << 26

Value = Mapping[str, Any]
"""A value between host and worker, named by its form: `{"json": "{}"}`, `{"string": ...}`, `{"bytes": base64}`, `{"http": ...}`."""


class NotLoaded(Exception):
    """The worker refused the app. The text is what it sends to the host."""


@dataclass(frozen=True)
class LogLine:
    """One line of the app's. invocation_id: None for a line that the host throws away."""

    level: str
    category: str
    message: str
    invocation_id: str | None


@dataclass(frozen=True)
class Call:
    """What came of calling a function. error: what it raised, as the host gets it; returned: the value, in its form."""

    invocation_id: str
    error: str | None
    returned: Value | None
    outputs: Mapping[str, Value]

    @property
    def json(self) -> Any:
        """The returned value, decoded; of an HTTP answer its body."""
        assert self.returned is not None, self.error
        value = self.returned["http"]["body"] if "http" in self.returned else self.returned
        ((form, content),) = value.items()
        return json.loads(base64.b64decode(content) if form == "bytes" else content)


class Worker:
    """A running worker. functions: name -> its bindings, as the worker listed them to the host."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.functions: dict[str, list[dict[str, Any]]] = {}
        self.lines: list[LogLine] = []
        self._ids: dict[str, str] = {}
        self._process = process
        self._numbers = count(1)
        self._awaited: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    async def load(self, directory: Path, script: str = "function_app.py") -> None:
        """Have the app indexed. Raises NotLoaded."""
        answer = await self._ask({"ask": "init", "directory": str(directory), "script": script})
        if "error" in answer:
            raise NotLoaded(answer["error"])
        self.functions = {name: function["bindings"] for name, function in answer["functions"].items()}
        self._ids = {name: function["id"] for name, function in answer["functions"].items()}

    async def call(
        self, function: str, inputs: Mapping[str, Value], metadata: Mapping[str, Value] | None = None
    ) -> Call:
        """Call a function. inputs: by parameter; metadata: of its trigger, by name."""
        invocation_id = str(uuid.uuid4())
        request = {"ask": "invoke", "function_id": self._ids[function], "invocation_id": invocation_id}
        answer = await self._ask({**request, "inputs": inputs, "metadata": metadata or {}})
        return Call(invocation_id, answer.get("error"), answer.get("returned"), answer.get("outputs", {}))

    async def trigger(
        self, function: str, value: Value, metadata: Mapping[str, Value] | None = None, **others: Value
    ) -> Call:
        """Call a function by the value of its trigger. others: its other inputs."""
        (name,) = (each["name"] for each in self.functions[function] if each["type"].lower().endswith("trigger"))
        return await self.call(function, {name: value, **others}, metadata)

    def telemetry(self) -> list[dict[str, Any]]:
        """Every line of the app's telemetry so far, decoded, with its `invocation_id`."""
        lines = [line for line in self.lines if line.category == "shop"]
        return [{**json.loads(line.message), "invocation_id": line.invocation_id} for line in lines]

    async def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._reading
        await self._process.wait()

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._awaited[number] = answer
        self._process.stdin.write(json.dumps({**request, "number": number}).encode() + b"\n")
        await self._process.stdin.drain()
        return await answer

    async def _read(self) -> None:
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            message = json.loads(line)
            if "log" in message:
                self.lines.append(LogLine(**message["log"]))
            else:
                self._awaited.pop(message["answer"]).set_result(message)
        for future in self._awaited.values():
            future.set_exception(ConnectionError("the worker's process has ended"))


@asynccontextmanager
async def running_worker(
    directory: Path, environ: Mapping[str, str] | None = None, *, packages: Path | None = None
) -> AsyncIterator[Worker]:
    """Yield a worker in whose process no app is loaded yet.

    Args:
        directory: The app's folder: working directory and import path, as on the platform.
        environ: The app's settings; those of this process unless given.
        packages: What an app brings along, found before the packages of this Python, as on the platform.
    """
    environment = dict(os.environ if environ is None else environ)
    if packages is not None:
        environment["PYTHONPATH"] = str(packages)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(_PROGRAM),
        cwd=directory,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_MAX_LINE_BYTES,
    )
    worker = Worker(process)
    try:
        yield worker
    finally:
        await worker.stop()
