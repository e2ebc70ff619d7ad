"""`make run`: storage, sandbox, mail catcher and the app, started together, supervised, and stopped together.

Ends with 0 when asked to stop, with 1 when something could not start or ended by itself; then nothing else stays behind.
"""

import os
import sys
import time
from pathlib import Path

from scripts.errors import LaunchFailed, NoAnswer
from scripts.local_copy import LocalCopy
from scripts.seed import seed_if_empty
from scripts.service import wait_until_ready
from scripts.state import StateFolder
from scripts.stop_request import StopRequest
from scripts.terminal import own_foreground

DEFAULT_STATE = ".state"

GUIDE = """\
Durable Orders is ready after {seconds:.1f} s: {base_url}

Post an order:
  curl -i {base_url}/api/orders -H 'Content-Type: application/json' -d '{{
    "order_id": "{order_id}", "customer_id": "ada", "email": "ada@example.com",
    "lines": [{{"product_id": "mug", "quantity": 2}}, {{"product_id": "beans", "quantity": 1}}],
    "payment": {{"payment_method": "pm_card_visa"}},
    "ship_to": {{"name": "Ada Lovelace", "street1": "388 Townsend St", "city": "San Francisco",
                "state": "CA", "postal_code": "94107", "country": "US"}}}}'
See what became of it:
  curl -s {base_url}/api/orders/{order_id} | python3 -m json.tool

Pages to look at: {base_url}/console for orders, {base_url}/ for what runs here
Money and parcels that moved: {sandbox_url}/sandbox
Mails that were sent, as files to open: {mails}
Files, queues and tables, by this connection string: {storage}
State: {state}   Logs: {logs}
Ctrl-C stops everything; orders under way go on at the next start."""


def run(copy: LocalCopy, stop: StopRequest) -> None:
    """Start everything and wait for the request to stop.

    Raises:
        LaunchFailed: A process ended by itself.
    """
    started = time.monotonic()
    print("Starting storage, sandbox and app", flush=True)
    copy.start(os.getpid())
    if not wait_until_ready(copy.services, interrupted=lambda: stop.made):
        return
    try:
        _seed_once(copy)
    except NoAnswer:
        _fail_if_ended(copy)
        raise
    print(_guide(copy, time.monotonic() - started), flush=True)
    while not stop.made:
        stop.wait()
        if not stop.made:
            _fail_if_ended(copy)


def _fail_if_ended(copy: LocalCopy) -> None:
    for service in copy.services:
        if service.exit_code is not None:
            raise LaunchFailed(service.death_notice())


def _seed_once(copy: LocalCopy) -> None:
    """Seed an empty shop. A marker spares later starts the check, which would load the storage client early."""
    if not copy.state.seeded.exists():
        if seed_if_empty(copy.addresses.base_url):
            print("Put in a small catalogue and stock", flush=True)
        copy.state.seeded.touch()


def _guide(copy: LocalCopy, seconds: float) -> str:
    return GUIDE.format(
        seconds=seconds,
        base_url=copy.addresses.base_url,
        sandbox_url=copy.addresses.sandbox_url,
        order_id=time.strftime("order-%H%M%S"),
        mails=copy.state.mails,
        storage=copy.addresses.azurite.connection_string,
        state=copy.state.root,
        logs=copy.state.logs,
    )


def launch() -> None:
    """Run a local copy of the shop until the request to stop, and stop all of it."""
    copy = LocalCopy(StateFolder(Path(os.environ.get("STATE") or DEFAULT_STATE)), os.environ)
    stop = StopRequest()
    try:
        run(copy, stop)
        print("\nStopping", flush=True)
    finally:
        for name in copy.stop():
            print(f"{name} did not stop and was killed", file=sys.stderr)


def main() -> int:
    """Launch; return the exit code."""
    try:
        with own_foreground():
            launch()
    except LaunchFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    print("Stopped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
