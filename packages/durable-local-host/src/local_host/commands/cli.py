"""The command line. `start` runs an app; every other command talks to a running host over HTTP.

Each command's code is imported when it runs, so that `start` is not slowed down by the others.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from local_host.engine.collector import begin_loading
from local_host.engine.errors import LocalHostError

if TYPE_CHECKING:
    from local_host.commands.reload import Watch

    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_DEFAULT_URL = "http://127.0.0.1:7071"
_DEFAULT_TOP = 100
_DEFAULT_STATE = ".state/local_host.db"
_DEFAULT_GRACE_S = 5.0
_OPERATIONS = {
    "terminate": "end an instance now; its own code does not learn of it",
    "suspend": "hold an instance; messages wait until it is resumed",
    "resume": "let a suspended instance go on",
    "rewind": "let a failed instance try its last step again",
}
# How long threads that are asked to end may take for it.
_JOIN_TIMEOUT_S = 0.2


def main(arguments: Sequence[str]) -> int:
    """Return the exit code: 0, 1 for a problem (one line on stderr says which), 2 for wrong usage."""
    options = _parser().parse_args(arguments)
    try:
        code: int = options.run(options)
    except LocalHostError as problem:
        print(f"local_host: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _start(options: argparse.Namespace) -> int:
    begin_loading()
    from local_host.app.settings import read_json_object

    app = options.app.resolve()
    if (app / "host.json").exists():
        # Before the SDK is imported, which reads the working directory's host.json and trips over a broken one.
        read_json_object(app / "host.json")
    # The app's folder becomes the working directory; a start after a change begins where this one began.
    here = Path.cwd()
    watch = _watch(app) if options.reload else None
    try:
        begin_again = _serve(options, app, watch)
    except LocalHostError as problem:
        if watch is None:
            raise
        print(f"local_host: {problem} Waiting for a change.", file=sys.stderr)
        asyncio.run(watch.until_changed())
        begin_again = True
    if begin_again:
        os.chdir(here)
        os.execv(sys.executable, [sys.executable, "-m", "local_host", *sys.argv[1:]])  # noqa: S606 - this very program
    _leave_busy_threads_behind()
    return 0


def _serve(options: argparse.Namespace, app: Path, watch: Watch | None) -> bool:
    """Serve the app until the host ends. Return whether it begins again, which it then does on the same port."""
    from local_host.commands.start import End, StartOptions, start

    ended = start(
        StartOptions(
            app=app,
            port=options.port,
            state=options.state,
            grace_s=options.grace,
            watch=watch,
            is_apart=not options.in_process,
            after_visibility_timeout=options.redeliver_after_visibility_timeout,
        )
    )
    begins_again = ended.why is not End.STOPPED
    where = ["--port", str(ended.port)]
    if begins_again and sys.argv[-2:] != where:  # a host may begin again many times
        sys.argv += where
    return begins_again


def _watch(app: Path) -> Watch:
    from local_host.commands.reload import Watch

    return Watch(app)


def _leave_busy_threads_behind() -> None:
    """End although functions still run in threads; their work is done again at the next start."""
    for thread in threading.enumerate():
        if thread.name.startswith("function"):
            thread.join(_JOIN_TIMEOUT_S)
            if thread.is_alive():
                sys.stdout.flush()
                os._exit(0)


def _command(module: str, function: str) -> Callable[[argparse.Namespace], int]:
    """Return a command whose code is imported when it runs."""

    def run(options: argparse.Namespace) -> int:
        command: Callable[[argparse.Namespace], int] = getattr(import_module(f"local_host.commands.{module}"), function)
        return command(options)

    return run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_host", description="Runs a Python Durable Functions app on this machine, without Azure."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    _add_start(commands)
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("--url", default=_DEFAULT_URL, help="the running host (default: %(default)s)")
    where.add_argument("--port", dest="url", type=_local_url, metavar="N", help="the same, by its port on this machine")
    _add_queries(commands, where)
    _add_steering(commands, where)
    return parser


def _add_start(commands: _Commands) -> None:
    start = commands.add_parser("start", help="run an app", description="Run an app until Ctrl-C or SIGTERM.")
    start.add_argument("--app", type=Path, default=Path(), metavar="DIR", help="the app's folder (default: this one)")
    start.add_argument(
        "--port",
        type=_port,
        metavar="N",
        help="where to listen; 0 takes a free port (default: local.settings.json, 7071)",
    )
    start.add_argument(
        "--state",
        default=_DEFAULT_STATE,
        metavar="FILE",
        help="where state is kept; :memory: for nowhere (default: %(default)s)",
    )
    start.add_argument(
        "--in-process",
        action="store_true",
        help="run the app in the host's own process: starts sooner, but a crash of the app ends the host",
    )
    start.add_argument(
        "--redeliver-after-visibility-timeout",
        action="store_true",
        help="what the last host had in hand when it ended comes again as late as in Azure: after the visibility timeouts "
        "of host.json (storageProvider), 5 minutes without any",
    )
    start.add_argument("--reload", action="store_true", help="start again when the app's files change")
    start.add_argument(
        "--grace",
        type=float,
        default=_DEFAULT_GRACE_S,
        metavar="SECONDS",
        help="how long running functions may take to end when stopped (default: %(default)s)",
    )
    start.set_defaults(run=_start)


def _add_queries(commands: _Commands, where: argparse.ArgumentParser) -> None:
    output = argparse.ArgumentParser(add_help=False)
    output.add_argument("--json", action="store_true", help="print JSON")
    listing = argparse.ArgumentParser(add_help=False)
    listing.add_argument(
        "--top", type=int, default=_DEFAULT_TOP, metavar="N", help="at most so many (default: %(default)s)"
    )

    list_ = commands.add_parser("list", parents=[where, output, listing], help="list instances")
    list_.add_argument("--status", metavar="STATUS", help="only these, such as Running,Failed")
    list_.add_argument("--prefix", metavar="TEXT", help="only ids that begin with this")
    list_.set_defaults(run=_command("query", "list_instances"))

    show = commands.add_parser("show", parents=[where, output], help="show one instance")
    show.add_argument("instance", metavar="ID")
    show.set_defaults(run=_command("query", "show"))

    history = commands.add_parser("history", parents=[where, output], help="show what happened in an instance")
    history.add_argument("instance", metavar="ID")
    history.set_defaults(run=_command("query", "history"))

    entities = commands.add_parser("entities", parents=[where, output, listing], help="list entities with their state")
    entities.add_argument("name", nargs="?", metavar="NAME")
    entities.add_argument("key", nargs="?", metavar="KEY")
    entities.set_defaults(run=_command("query", "entities"))


def _add_steering(commands: _Commands, where: argparse.ArgumentParser) -> None:
    raise_ = commands.add_parser("raise", parents=[where], help="raise an event for an instance")
    raise_.add_argument("instance", metavar="ID")
    raise_.add_argument("event", metavar="EVENT")
    raise_.add_argument("data", nargs="?", default="null", metavar="JSON", help="what the orchestrator receives")
    raise_.set_defaults(run=_command("steer", "raise_event"))

    for operation, help_text in _OPERATIONS.items():
        command = commands.add_parser(operation, parents=[where], help=help_text)
        command.add_argument("instance", metavar="ID")
        command.add_argument("--reason", default="", metavar="TEXT")
        command.set_defaults(run=_command("steer", "steer"), operation=operation)

    purge = commands.add_parser("purge", parents=[where], help="forget ended instances")
    purge.add_argument("instance", nargs="?", metavar="ID")
    purge.add_argument(
        "--created-from", metavar="TIME", help="all that were created since then, such as 2026-01-31T00:00:00Z"
    )
    purge.add_argument("--created-to", metavar="TIME")
    purge.add_argument("--status", metavar="STATUS", help="only these, such as Completed,Terminated")
    purge.set_defaults(run=_command("steer", "purge"))


def _local_url(text: str) -> str:
    return f"http://127.0.0.1:{_port(text)}"


def _port(text: str) -> int:
    port = int(text) if text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port (0 to 65535)")
    return port
