"""The command line. `start` runs an app; every other command talks to a running host over HTTP.

Each command's code is imported when it runs, so that `start` is not slowed down by the others.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from local_host.errors import LocalHostError

_DEFAULT_STATE = ".state/local_host.db"
_DEFAULT_GRACE_S = 5.0
# How long threads that were told to end may take for it.
_JOIN_S = 0.2


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0, 1 for a problem (one line on stderr says which), 2 for wrong usage."""
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
    from local_host.commands.start import StartOptions, start

    restart = start(
        StartOptions(
            app=options.app, port=options.port, state=options.state, grace_s=options.grace, reload=options.reload
        )
    )
    if restart:
        os.execv(sys.executable, [sys.executable, "-m", "local_host", *sys.argv[1:]])  # noqa: S606 - this very program
    _leave_busy_threads_behind()
    return 0


def _leave_busy_threads_behind() -> None:
    """A function that still runs in a thread would keep the process alive; its work is done again at the next start."""
    for thread in threading.enumerate():
        if thread.name.startswith("function"):
            thread.join(_JOIN_S)
            if thread.is_alive():
                sys.stdout.flush()
                os._exit(0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local_host", description="Runs a Python Durable Functions app on this machine, without Azure."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
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
    start.add_argument("--reload", action="store_true", help="start again when the app's files change")
    start.add_argument(
        "--grace",
        type=float,
        default=_DEFAULT_GRACE_S,
        metavar="SECONDS",
        help="how long running functions may take to end when stopped (default: %(default)s)",
    )
    start.set_defaults(run=_start)
    return parser


def _port(text: str) -> int:
    port = int(text) if text.isdigit() else -1
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port (0 to 65535)")
    return port
