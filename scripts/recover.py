"""Start again what a faulty release has failed, once it is rolled back: `python -m scripts.recover --url URL --by NAME`.

It sends `POST /api/recovery` page by page until the last, here or to an app in Azure, and prints what became of each run. The token
of an operator comes from APP_TOKEN, so that it is in no list of processes. Ends with 1 when a run was left as it was, with 2 when
the app did not answer as it should; sent again, it starts nothing twice.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts.errors import NoAnswer
from scripts.web import call, caller_headers

_PAGE_TIMEOUT_S = 240.0
"""More than the platform lets a request take."""


class Refused(Exception):
    """The app did not accept the request."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Recover, print every run, and return the exit status."""
    options = _parser().parse_args(arguments)
    counts: Counter[str] = Counter()
    try:
        for run in recovered(options.url.rstrip("/"), caller_headers(os.environ), wish_of(options)):
            counts[run["outcome"]] += 1
            print(line_of(run), flush=True)
    except (NoAnswer, Refused) as error:
        print(f"{error}\nSent again, the command goes on where it was.", file=sys.stderr)
        return 2
    print(f"{counts['started']} started, {counts['skipped']} left as they were")
    return 1 if counts["skipped"] else 0


def recovered(base_url: str, headers: Mapping[str, str], wish: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what became of each run, as the pages arrive.

    Raises:
        NoAnswer: The app did not answer.
        Refused: It did not accept the request.
    """
    cursor: str | None = None
    while True:
        body = {**wish, **({"cursor": cursor} if cursor else {})}
        answer = call("POST", f"{base_url}/api/recovery", body, headers, timeout_s=_PAGE_TIMEOUT_S)
        if not answer.ok:
            raise Refused(f"{base_url} answers {answer.status}: {answer.body}")
        yield from answer.body["runs"]
        cursor = answer.body["next_cursor"]
        if cursor is None:
            return


def wish_of(options: argparse.Namespace) -> dict[str, Any]:
    """Return the request of the first page."""
    wish = {
        "action": "settle" if options.settle else "start_again",
        "requested_by": options.by,
        "workflow": options.workflow,
        "ids": options.ids or None,
        "failed_since": options.since,
        "failed_before": options.before,
        "limit": options.limit,
    }
    return {name: value for name, value in wish.items() if value is not None}


def line_of(run: Mapping[str, Any]) -> str:
    """Return how a run is printed."""
    name = f"{run['workflow']} {run['id']}: {run['outcome']}"
    return name if run["reason"] is None else f"{name}, {run['reason']}: {run['detail']}"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.recover", description=__doc__)
    parser.add_argument("--url", default="http://127.0.0.1:7071", help="of the app (%(default)s)")
    parser.add_argument("--by", required=True, help="who does this, where the app does not know who calls")
    parser.add_argument("--workflow", help="only its runs; orders are process_order")
    parser.add_argument("--since", help="only what has failed at this time or later: 2026-01-31T12:00:00Z")
    parser.add_argument("--before", help="only what has failed earlier than this")
    parser.add_argument("--settle", action="store_true", help="replay what is open instead of starting again")
    parser.add_argument("--limit", type=int, default=20, help="runs per request (%(default)s)")
    parser.add_argument("ids", nargs="*", help="these runs, instead of all that have failed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
