"""Export or erase the data of one customer: `python -m scripts.personal_data export CUSTOMER --url URL --by NAME`.

`export` prints one JSON document, `erase` how far the erasure is, `status` the same without going on. It asks the app, here or in
Azure; the token of an operator comes from APP_TOKEN, so that it is in no list of processes. Ends with 1 when something of the
customer must be settled before, with 2 when the app did not answer as it should. Sent again, it goes on where it was.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from http import HTTPStatus
from urllib.parse import quote

from scripts.errors import NoAnswer
from scripts.web import call, caller_headers

_TIMEOUT_S = 240.0
"""More than the platform lets a request take."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Send the request, print the answer, and return the exit status."""
    options = _parser().parse_args(arguments)
    address = f"{options.url.rstrip('/')}/api/customers/{quote(options.customer, safe='')}"
    headers = caller_headers(os.environ)
    body = {"requested_by": options.by, "emails": options.email}
    try:
        if options.action == "status":
            answer = call("GET", f"{address}/erasure", None, headers, timeout_s=_TIMEOUT_S)
        else:
            operation = "export" if options.action == "export" else "erasure"
            answer = call("POST", f"{address}/{operation}", body, headers, timeout_s=_TIMEOUT_S)
    except NoAnswer as error:
        print(error, file=sys.stderr)
        return 2
    if not answer.ok:
        print(f"{address} answers {answer.status}: {answer.body}", file=sys.stderr)
        return 1 if answer.status == HTTPStatus.CONFLICT else 2
    print(json.dumps(answer.body, indent=2))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.personal_data", description=__doc__)
    parser.add_argument("action", choices=("export", "erase", "status"))
    parser.add_argument("customer", help="the customer's id")
    parser.add_argument("--url", default="http://127.0.0.1:7071", help="where the app is")
    by = "who asks for it, where the app does not know who calls"
    parser.add_argument("--by", default=os.environ.get("USER", "operator"), help=by)
    parser.add_argument("--email", action="append", default=[], help="an address that no order of the customer has")
    return parser


if __name__ == "__main__":
    sys.exit(main())
