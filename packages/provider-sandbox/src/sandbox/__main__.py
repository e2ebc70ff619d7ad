"""`python -m sandbox --port 0 --state FILE`: prints `sandbox ready http://127.0.0.1:PORT`, serves until a signal."""

import argparse
import asyncio
import signal
import sys

from sandbox.ledger.store import StateFileError
from sandbox.server import serving


def main() -> int:
    """Run the sandbox; return 0 after SIGTERM or SIGINT, 1 when it cannot serve, 2 for wrong usage."""
    options = _parser().parse_args()
    try:
        asyncio.run(_serve(options.port, options.state, options.search_lag))
    except StateFileError as error:
        print(f"sandbox: {error}; stop the process that uses it, or give another --state", file=sys.stderr)
        return 1
    except OSError as error:
        reason = error.strerror or error
        print(f"sandbox: cannot listen on port {options.port}: {reason}; give another --port", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="sandbox", description="Stand-ins for Stripe and EasyPost on one local port.")
    parser.add_argument("--port", type=_port, default=0, help="port to listen on; 0 (the default) picks a free one")
    parser.add_argument("--state", default=":memory:", help="SQLite file that keeps the ledgers (default: :memory:)")
    parser.add_argument(
        "--search-lag",
        type=_seconds,
        default=30.0,
        help="how many seconds Stripe's search index is behind (default: 30)",
    )
    return parser


def _seconds(text: str) -> float:
    if not text.replace(".", "", 1).isdigit():
        raise argparse.ArgumentTypeError("must be a number of seconds, 0 or more")
    return float(text)


def _port(text: str) -> int:
    if not (text.isdigit() and int(text) < 65536):
        raise argparse.ArgumentTypeError("must be a number from 0 to 65535")
    return int(text)


async def _serve(port: int, state: str, search_lag_s: float) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with serving(state=state, port=port, search_lag_s=search_lag_s, delivers=True) as url:
        print(f"sandbox ready {url}", flush=True)
        await stop.wait()


if __name__ == "__main__":
    sys.exit(main())
