"""`python -m local_host start`: brings an app up, says where it answers, and runs it until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from local_host.app.host_json import HostConfig, read_host_config
from local_host.app.index import AppIndex
from local_host.app.loader import load_app
from local_host.app.sdk_replay import settle_typing_mode
from local_host.app.settings import apply_settings, read_local_settings
from local_host.collector import end_loading
from local_host.host import MEMORY, Host, HostParts, times_path
from local_host.logs import configure_logging
from local_host.start_problems import CannotStart
from local_host.task_hub import TaskHub
from local_host.web.cors import Cors
from local_host.web.server import bind

if TYPE_CHECKING:
    from local_host.commands.reload import Watch

_ADDRESS = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class StartOptions:
    """app: its folder, absolute; port: None for that of local.settings.json; state: a file, or `:memory:`.

    watch: looks for changes after which the app is to be started again.
    """

    app: Path
    port: int | None
    state: str
    grace_s: float
    watch: Watch | None


def start(options: StartOptions) -> bool:
    """Run until SIGINT or SIGTERM; True when the app is to be started again. Raises CannotStart, StateFileError."""
    directory = options.app
    state = MEMORY if options.state == MEMORY else str(Path(options.state).resolve())
    settings = read_local_settings(directory)
    apply_settings(settings, os.environ, directory)
    config = read_host_config(directory, os.environ)
    configure_logging(config.log_levels)
    listener = bind(_ADDRESS, settings.port if options.port is None else options.port)
    os.environ.setdefault("WEBSITE_HOSTNAME", f"localhost:{listener.getsockname()[1]}")
    hub = _open_hub(state)
    os.chdir(directory)
    app = load_app(directory)
    # The SDK says this of every duplicate delivery, which is part of normal work.
    warnings.filterwarnings("ignore", message="Potential duplicate Task completion")
    parts = HostParts(
        app=app,
        config=config,
        hub=hub,
        listener=listener,
        cors=Cors(settings.cors_origins, settings.cors_credentials),
        times_path=times_path(state),
    )
    return asyncio.run(_run(parts, options))


async def _run(parts: HostParts, options: StartOptions) -> bool:
    host = Host(parts)
    stopping = _signalled()
    await host.start()
    settle_typing_mode()
    end_loading()
    for line in _announcement(host, parts.app, parts.config):
        print(line)
    print(f"local_host ready {host.origin}", flush=True)
    changed = await _until_told(stopping, options.watch)
    await host.stop(options.grace_s)
    return changed


async def _until_told(stopping: asyncio.Event, watch: Watch | None) -> bool:
    """Wait for a signal, or for a change of the app's files; whether it was the change."""
    if watch is None:
        await stopping.wait()
        return False
    change = asyncio.create_task(watch.until_changed())
    stop = asyncio.create_task(stopping.wait())
    done, pending = await asyncio.wait((change, stop), return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    return change in done


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
            Path(state).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CannotStart(
                f"The state cannot be kept in {state} ({error.strerror}). Pass another --state."
            ) from None
    return TaskHub.open(state)


def _announcement(host: Host, app: AppIndex, config: HostConfig) -> Iterator[str]:
    """The list of functions, as Core Tools prints it."""
    yield "Functions:"
    for function in app.functions.values():
        url = host.url_of(function)
        methods = ",".join(function.trigger.fields.get("methods") or ("all methods",))
        yield f"  {function.name}: [{methods}] {url}" if url else f"  {function.name}: {function.trigger.type}"
    for name, reason in app.left_out.items():
        yield f"  {name}: not run, {reason}"
    for warning in config.warnings:
        yield f"Warning: {warning}"
