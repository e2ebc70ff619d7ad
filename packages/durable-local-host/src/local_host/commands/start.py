"""`python -m local_host start`: brings an app up, says where it answers, and runs it until a signal stops it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local_host.app.calls import FunctionWorker
from local_host.app.console_logs import Runs, configure_logging
from local_host.app.host_json import HostConfig, read_host_config
from local_host.app.index import AppIndex
from local_host.app.loader import load_app
from local_host.app.sdk_replay import settle_typing_mode
from local_host.app.settings import LocalSettings, apply_settings, read_local_settings
from local_host.engine.collector import end_loading
from local_host.engine.start_problems import CannotStart
from local_host.engine.task_hub import TaskHub
from local_host.hosting.host import MEMORY, Host, HostParts, times_path
from local_host.web.cors import Cors
from local_host.web.server import bind
from local_host.worker_process.apart import ApartWorker, WorkerOptions

if TYPE_CHECKING:
    from local_host.commands.reload import Watch

_ADDRESS = "127.0.0.1"
# The real host allows no more.
_MAX_WORKERS = 10


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """app: its folder, absolute; port: None for that of local.settings.json; state: a file, or `:memory:`.

    watch: looks for changes after which the app is to be started again. is_apart: the app runs in a process of its own.
    after_visibility_timeout: what an earlier host had in hand comes again only then.
    """

    app: Path
    port: int | None
    state: str
    grace_s: float
    watch: Watch | None
    is_apart: bool
    after_visibility_timeout: bool


class End(Enum):
    """Why a host has ended."""

    STOPPED = "by a signal"
    CHANGED = "the app's files have changed"
    GIVEN_UP = "its worker process died too often"


@dataclass(frozen=True, kw_only=True)
class Ended:
    """port: where it was, so that one that takes its place can be there too."""

    why: End
    port: int


def start(options: StartOptions) -> Ended:
    """Run until SIGINT, SIGTERM, or a reason to be started again. Raises CannotStart, StateFileError."""
    directory = options.app
    state = MEMORY if options.state == MEMORY else str(Path(options.state).resolve())
    settings = read_local_settings(directory)
    apply_settings(settings, os.environ, directory)
    config = read_host_config(directory, os.environ)
    configure_logging(config.log_levels, runs=Runs.HOST if options.is_apart else Runs.BOTH)
    listener = bind(_ADDRESS, settings.port if options.port is None else options.port)
    port = listener.getsockname()[1]
    os.environ.setdefault("WEBSITE_HOSTNAME", f"localhost:{port}")
    hub = _open_hub(state)
    os.chdir(directory)
    # The SDK says this of every duplicate delivery, which is part of normal work.
    warnings.filterwarnings("ignore", message="Potential duplicate Task completion")
    setup = _Setup(
        config=config,
        hub=hub,
        listener=listener,
        settings=settings,
        state=state,
        port=port,
        after_visibility_timeout=options.after_visibility_timeout,
    )
    return asyncio.run(_run(setup, options))


@dataclass(frozen=True, kw_only=True)
class _Setup:
    """What is there before the app is."""

    config: HostConfig
    hub: TaskHub
    listener: socket.socket
    settings: LocalSettings
    state: str
    port: int
    after_visibility_timeout: bool

    def parts(self, app: AppIndex, worker: FunctionWorker | None) -> HostParts:
        return HostParts(
            app=app,
            config=self.config,
            hub=self.hub,
            listener=self.listener,
            worker=worker,
            cors=Cors(self.settings.cors_origins, self.settings.cors_credentials),
            times_path=times_path(self.state),
            after_visibility_timeout=self.after_visibility_timeout,
        )


async def _run(setup: _Setup, options: StartOptions) -> Ended:
    stopping = _signalled()
    worker = _worker(setup.config, options)
    app = await worker.start() if worker else load_app(options.app)
    try:
        host = Host(setup.parts(app, worker))
    except CannotStart:
        if worker:
            await worker.close()
        raise
    await host.start()
    settle_typing_mode()
    end_loading()
    for line in _announcement(host, host.app, setup.config):
        print(line)
    print(f"local_host ready {host.origin}", flush=True)
    why = await _until_stopped(stopping, worker, options.watch)
    await host.stop(options.grace_s)
    return Ended(why=why, port=setup.port)


def _worker(config: HostConfig, options: StartOptions) -> ApartWorker | None:
    if not options.is_apart:
        return None
    count = os.environ.get("FUNCTIONS_WORKER_PROCESS_COUNT", "")
    return ApartWorker(
        WorkerOptions(
            directory=options.app,
            log_levels=config.log_levels,
            function_timeout=config.function_timeout,
            count=min(int(count), _MAX_WORKERS) if count.isdigit() and int(count) else 1,
        )
    )


async def _until_stopped(stopping: asyncio.Event, worker: ApartWorker | None, watch: Watch | None) -> End:
    """Wait for whatever ends a host."""
    reasons: dict[asyncio.Task[Any], End] = {asyncio.create_task(stopping.wait()): End.STOPPED}
    if worker is not None:
        reasons[asyncio.create_task(worker.given_up.wait())] = End.GIVEN_UP
    if watch is not None:
        reasons[asyncio.create_task(watch.until_changed())] = End.CHANGED
    done, pending = await asyncio.wait(reasons, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return reasons[next(task for task in reasons if task in done)]


def _signalled() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM; a second one ends the process at once."""
    event = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop(number: int) -> None:
        loop.remove_signal_handler(number)
        event.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, number)
    return event


def _open_hub(state: str) -> TaskHub:
    if state != MEMORY:
        try:
            Path(state).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart(
                f"The state cannot be kept in {state} ({error.strerror}). Pass another --state."
            ) from None
    return TaskHub.open(state)


def _announcement(host: Host, app: AppIndex, config: HostConfig) -> Iterator[str]:
    """Yield the list of functions, as Core Tools prints it."""
    yield "Functions:"
    for function in app.functions.values():
        url = host.url_of(function)
        methods = ",".join(function.trigger.fields.get("methods") or ("all methods",))
        yield f"  {function.name}: [{methods}] {url}" if url else f"  {function.name}: {function.trigger.type}"
    for name, reason in app.left_out.items():
        yield f"  {name}: not run, {reason}"
    for warning in config.warnings:
        yield f"Warning: {warning}"
