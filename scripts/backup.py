"""Copy the shop's storage into another account, and back: `python -m scripts.backup copy --url URL`.

The accounts come from the settings SHOP_STORAGE and BACKUP_STORAGE, in either form of `local.settings.json.example`; the token of
an operator from APP_TOKEN. The timer `back_up` copies once a day; `copy` does so at once, and reads the stock from the running
app. `restore` fills an account without orders; then the app is started on an empty task hub of the same name, and `restock` gives
it the stock. `drop` deletes a copy. Ends with 0 once it is done, else with 1: sent again, `copy`, `restock` and `drop` do no harm.
"""

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from adapters.azure_storage.storage import Storage
from adapters.stores.backup import Backup, NotEmpty, NotWhole
from domain.errors import StorageUnavailable
from scripts.errors import NoAnswer
from scripts.web import call, caller_headers
from setting_values import InvalidSetting
from settings import storage_location


class Refused(Exception):
    """The app did not accept a request."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Copy, restore, restock or drop; print what was done, and return the exit status."""
    options = _parser().parse_args(arguments)
    try:
        backup = Backup(*(Storage(storage_location(os.environ, name)) for name in ("SHOP_STORAGE", "BACKUP_STORAGE")))
        done: Mapping[str, int]
        if options.action == "copy":
            backup.copy(options.day)
            done = backup.finish(options.day, stock_of(options.url), datetime.now(UTC))
        elif options.action == "restore":
            done, taken = backup.restore(options.day)
            print(f"{taken.items} rows and blobs, {taken.bytes} bytes, {taken.requests} requests", file=sys.stderr)
        elif options.action == "drop":
            backup.drop(options.day)
            done = {}
        else:
            done = restock(options.url, options.day, json.loads(options.stock))
    except (InvalidSetting, StorageUnavailable, NotEmpty, NotWhole, NoAnswer, Refused) as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(dict(done)))
    return 0


def stock_of(url: str) -> dict[str, int]:
    """Return the units of each product that no order was sold. Raises NoAnswer and Refused."""
    stock: dict[str, int] = {}
    cursor: str | None = ""
    while cursor is not None:
        page = _asked("GET", f"{url}/api/products?limit=100{cursor and f'&cursor={cursor}'}")
        for product_id in (each["product_id"] for each in page["products"]):
            known = _asked("GET", f"{url}/api/inventory/{product_id}")
            stock[product_id] = known["available"] + known["reserved"]
        cursor = page["next_cursor"]
    return stock


def restock(url: str, day: str, stock: Mapping[str, int]) -> dict[str, int]:
    """Put the stock of a copy on the empty shelves. A repeat adds nothing. Raises NoAnswer and Refused."""
    for product_id, quantity in stock.items():
        if quantity > 0:
            _asked(
                "POST",
                f"{url}/api/inventory/{product_id}/restock",
                {"quantity": quantity},
                {"Idempotency-Key": f"restored-{day}-{product_id}"},
            )
    return dict(stock)


def _asked(
    method: str, url: str, body: Mapping[str, int] | None = None, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    answer = call(method, url, body, {**(headers or {}), **caller_headers(os.environ)})
    if not answer.ok:
        raise Refused(f"{url} answers {answer.status}: {answer.body}")
    return dict(answer.body)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.backup", description=__doc__)
    parser.add_argument("action", choices=("copy", "restore", "restock", "drop"))
    parser.add_argument("--url", default="http://127.0.0.1:7071", help="where the app is")
    parser.add_argument("--day", default=f"{datetime.now(UTC):%Y%m%d}", help="the word of the copy; today by default")
    parser.add_argument("--stock", default="{}", help="what `restore` has printed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
