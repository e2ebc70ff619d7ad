"""One worker process as the host sees it: started, called, and gone one day, with all that it has in hand."""

from __future__ import annotations

import asyncio
import itertools
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from local_host.app.calls import FunctionAnswer, FunctionCall
from local_host.app.index import AppIndex
from local_host.engine.errors import CallLost, UserCodeFailed, WorkerExited
from local_host.engine.log_categories import host_logger
from local_host.engine.start_problems import AppLoadError
from local_host.worker_process import messages

_log = host_logger("Worker.rpcWorkerProcess.python")
_PACKAGES = str(Path(__file__).parents[2])
_PROGRAM = "import sys; sys.path.insert(1, sys.argv[2]); from local_host.worker_process.child import main; main(int(sys.argv[1]))"


class WorkerProcess:
    """A running process with the app loaded. app: the functions, without their code; gone: done once the process has ended."""

    def __init__(self, process: Process) -> None:
        """Use `start`."""
        self.app: AppIndex
        self._process = process
        self._connection = messages.Incoming(self._take, self._end)
        self._first: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._ending: asyncio.Task[None] | None = None
        self._numbers = itertools.count()
        self._in_hand: dict[int, asyncio.Future[FunctionAnswer]] = {}
        self._ended_for: CallLost | None = None
        self._is_closed = False
        self.gone: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @classmethod
    async def start(cls, directory: Path, log_levels: Mapping[str, str]) -> WorkerProcess:
        """Return once the app is loaded. Raises AppLoadError, WorkerExited when the process ended before."""
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-c", _PROGRAM, str(theirs.fileno()), _PACKAGES, pass_fds=[theirs.fileno()]
            )
        worker = cls(process)
        await asyncio.get_running_loop().create_connection(lambda: worker._connection, sock=ours)
        await worker._load(messages.Load(directory, dict(log_levels)))
        return worker

    @property
    def pid(self) -> int:
        """Return the id of the process."""
        return self._process.pid

    async def call(self, call: FunctionCall) -> FunctionAnswer:
        """Call a function. Raises UserCodeFailed; WorkerExited when the process ends meanwhile, or what it was ended for."""
        number = next(self._numbers)
        answer: asyncio.Future[FunctionAnswer] = asyncio.get_running_loop().create_future()
        self._in_hand[number] = answer
        messages.write(self._connection.transport, messages.Call(number, call))
        try:
            return await answer
        finally:
            self._in_hand.pop(number, None)

    def end_for(self, lost: CallLost) -> None:
        """Kill the process; what it has in hand is lost for that reason."""
        self._ended_for = self._ended_for or lost
        if self._process.returncode is None:
            self._process.kill()

    async def close(self) -> None:
        """End the process; what still runs in it is not waited for."""
        self._is_closed = True
        if self._process.returncode is None:
            self._process.kill()
        await self.gone

    @property
    def was_ended(self) -> bool:
        """Whether the host itself has ended it."""
        return self._is_closed or self._ended_for is not None

    async def _load(self, load: messages.Load) -> None:
        messages.write(self._connection.transport, load)
        first = await asyncio.shield(self._first)  # which the reading side still sets when a start is cancelled
        if isinstance(first, messages.Loaded):
            self.app = first.app
            return
        exit_code = await self._process.wait()
        self._connection.transport.close()
        raise AppLoadError(first.text) if isinstance(first, messages.Refused) else _exited(exit_code)

    def _take(self, message: Any) -> None:
        if not self._first.done():
            self._first.set_result(message)
            return
        waiting = self._in_hand.get(message.number)
        if waiting is not None and not waiting.done():
            _settle(waiting, message)

    def _end(self) -> None:
        if not self._first.done():
            self._first.set_result(None)
        elif isinstance(self._first.result(), messages.Loaded):
            self._ending = asyncio.create_task(self._lose_all())

    async def _lose_all(self) -> None:
        """Fail what the process had in hand, once it has ended."""
        exit_code = await self._process.wait()
        lost = self._ended_for or _exited(exit_code)
        if not self.was_ended:
            _log.error("Language Worker Process exited. Pid=%d.\n%s", self.pid, lost.text)
        for waiting in self._in_hand.values():
            if not waiting.done():
                waiting.set_exception(lost)
        self.gone.set_result(None)


def _settle(waiting: asyncio.Future[FunctionAnswer], message: Any) -> None:
    match message:
        case messages.Answered(answer=answer):
            waiting.set_result(answer)
        case messages.Failed(type_name=type_name, message=text, stack=stack, causes=causes):
            waiting.set_exception(UserCodeFailed(type_name, text, stack, causes))
        case messages.Broken(text=text):
            waiting.set_exception(RuntimeError(f"the worker process failed: {text}"))


def _exited(exit_code: int) -> WorkerExited:
    """Describe how the process ended. exit_code: negative for a signal, as Python has it; the real host has it as a shell does."""
    return WorkerExited(sys.executable, exit_code if exit_code >= 0 else 128 - exit_code)
