"""Export or erase the data of one customer: `python -m scripts.personal_data export CUSTOMER --url URL --by NAME`.

Each is a run of the app, here or in Azure, and the command waits for its end: `export` then prints one JSON document, `erase` how
far the erasure is, and `status` that alone. The token of an operator comes from APP_TOKEN, so that it is in no list of processes.
Ends with 1 when something of the customer must be settled before, with 2 when the app did not answer as it should, or not in time:
the run goes on; `erase` again waits for it, and `export` begins anew.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from scripts.errors import NoAnswer
from scripts.web import call, caller_headers

_TIMEOUT_S = 60.0
_PAUSE_S = 2.0


class Unexpected(Exception):
    """The app did not answer as it should. status: the command's."""

    def __init__(self, text: str, status: int = 2) -> None:
        super().__init__(text)
        self.status = status


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the request, wait for its run, print the result, and return the exit status."""
    options = _parser().parse_args(arguments)
    api = f"{options.url.rstrip('/')}/api"
    address = f"{api}/customers/{quote(options.customer, safe='')}"
    body = {"requested_by": options.by, "emails": options.email}
    try:
        if options.action == "export":
            run = _ended(api, _asked("POST", f"{address}/export", body)["id"], options.timeout)
            shown = _asked("GET", run["detail"]["url"], None, with_token=False)
        else:
            if options.action == "erase":
                _ended(api, _asked("POST", f"{address}/erasure", body)["id"], options.timeout)
            shown = _asked("GET", f"{address}/erasure", None)
    except (NoAnswer, Unexpected) as error:
        print(error, file=sys.stderr)
        return getattr(error, "status", 2)
    print(json.dumps(shown, indent=2))
    return 0


def _ended(api: str, run_id: str, timeout_s: float) -> Any:
    """Return a run once it has completed."""
    address = f"{api}/customer-data/{run_id}"
    end = time.monotonic() + timeout_s
    while (run := _asked("GET", address, None))["status"] == "running":
        if time.monotonic() > end:
            raise Unexpected(f"{address} is still running: {run['message']}")
        time.sleep(_PAUSE_S)
    if run["status"] != "completed":
        raise Unexpected(f"{run['status']}: {run['message']}", 1 if run["reason_code"] == "not_settled" else 2)
    return run


def _asked(method: str, url: str, body: Mapping[str, Any] | None, *, with_token: bool = True) -> Any:
    headers = caller_headers(os.environ) if with_token else {}
    answer = call(method, url, body, headers, timeout_s=_TIMEOUT_S)
    if not answer.ok:
        raise Unexpected(f"{url.partition('?')[0]} answers {answer.status}: {answer.body}")
    return answer.body


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.personal_data", description=__doc__)
    parser.add_argument("action", choices=("export", "erase", "status"))
    parser.add_argument("customer", help="the customer's id")
    parser.add_argument("--url", default="http://127.0.0.1:7071", help="where the app is")
    parser.add_argument("--timeout", type=float, default=1_800.0, help="seconds to wait for the run's end")
    by = "who asks for it, where the app does not know who calls"
    parser.add_argument("--by", default=os.environ.get("USER", "operator"), help=by)
    parser.add_argument("--email", action="append", default=[], help="an address that no order of the customer has")
    return parser


if __name__ == "__main__":
    sys.exit(main())
