"""What runs in the worker process: imports the app, and calls its functions as the host says until the host is gone."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import sys
import threading
import warnings
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from typing import Any

from local_host.app.calls import FunctionAnswer
from local_host.app.console_logs import Runs, configure_logging
from local_host.app.function import Function
from local_host.app.index import AppIndex
from local_host.app.inside import InsideWorker
from local_host.app.loader import load_app
from local_host.app.sdk_replay import quicken_replay, settle_typing_mode
from local_host.app.sdk_session import renew_client_session
from local_host.engine.collector import begin_loading, end_loading
from local_host.engine.errors import UserCodeFailed
from local_host.engine.start_problems import CannotStart
from local_host.worker_process import messages

_ORPHANED_EXIT_CODE = 1


def main(descriptor: int) -> None:
    """Serve the host. descriptor: of the socket that the host made."""
    os.set_inheritable(descriptor, False)
    begin_loading()
    # A Ctrl-C at the terminal is for the host, which lets running functions end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    connection = socket.socket(fileno=descriptor)
    threading.Thread(target=_end_with_host, args=(descriptor,), daemon=True, name="host-watch").start()
    asyncio.run(_serve(connection))


def _end_with_host(descriptor: int) -> None:
    """End with the host, which wants no more answers; an event loop that the app blocks would not notice."""
    watch = select.poll()
    watch.register(descriptor, 0)
    watch.poll()
    os._exit(_ORPHANED_EXIT_CODE)


async def _serve(connection: socket.socket) -> None:
    reader, writer = await asyncio.open_connection(sock=connection)
    app = _load(await messages.read(reader), writer)
    if app is None:
        await writer.drain()
        sys.exit(1)
    worker, outbox, loop = InsideWorker(app, function_timeout=None), messages.Outbox(writer), asyncio.get_running_loop()
    running: set[asyncio.Task[None]] = set()
    while (message := await messages.read(reader)) is not None:
        if worker.is_coroutine(message.call):
            task = asyncio.create_task(_call(worker, message, outbox))
            running.add(task)
            task.add_done_callback(running.discard)
        else:
            worker.begin(message.call).add_done_callback(partial(_send_outcome, outbox, loop, message.number))


def _load(load: messages.Load, writer: asyncio.StreamWriter) -> AppIndex | None:
    configure_logging(load.log_levels, runs=Runs.APP)
    # The SDK says this of every duplicate delivery, which is part of normal work.
    warnings.filterwarnings("ignore", message="Potential duplicate Task completion")
    try:
        app = load_app(load.directory)
    except CannotStart as problem:
        messages.write(writer, messages.Refused(str(problem)))
        return None
    quicken_replay()
    renew_client_session()
    settle_typing_mode()
    end_loading()
    messages.write(writer, messages.Loaded(_without_code(app)))
    return app


async def _call(worker: InsideWorker, message: messages.Call, outbox: messages.Outbox) -> None:
    try:
        encoded = messages.encode(messages.Answered(message.number, await worker.call(message.call)))
    except Exception as error:  # noqa: BLE001 - the host is to know, and tries the same work again
        encoded = messages.encode(_failure(message.number, error))
    outbox.send(encoded)


def _send_outcome(
    outbox: messages.Outbox, loop: asyncio.AbstractEventLoop, number: int, ended: Future[FunctionAnswer]
) -> None:
    """Send what a call has come to, from the thread in which it has ended."""
    try:
        encoded = messages.encode(messages.Answered(number, ended.result()))
    except Exception as error:  # noqa: BLE001 - as above
        encoded = messages.encode(_failure(number, error))
    except BaseException as error:  # noqa: BLE001 - such as KeyboardInterrupt, which ends the process where the loop runs
        loop.call_soon_threadsafe(_raise, error)
        return
    outbox.send(encoded)


def _raise(error: BaseException) -> None:
    raise error


def _failure(number: int, error: Exception) -> messages.Failed | messages.Broken:
    if isinstance(error, UserCodeFailed):
        return messages.Failed(number, error.type_name, error.message, error.stack, error.causes)
    return messages.Broken(number, repr(error))


def _without_code(app: AppIndex) -> AppIndex:
    functions = {name: replace(function, call=_not_here) for name, function in app.functions.items()}
    durable: dict[Any, Function] = {key: functions[function.name] for key, function in app.durable.items()}
    return replace(app, functions=functions, durable=durable)


def _not_here(**_: Any) -> None:
    raise RuntimeError("the app's code is in the worker process")
