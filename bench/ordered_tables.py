"""A table service for `bench.order_repository` whose rows lie in the order of their keys, as Azure's do and the emulator's do not.

Azure Table Storage has one index, over PartitionKey and RowKey, and answers a range of row keys of one partition by reading that
range alone; other conditions it checks row by row. This keeps rows in SQLite under the same key and answers what reading orders
asks, over HTTP to the real client library: single rows, and ranges of one partition in pages. It writes nothing, knows no other
table, and is no stand-in for tests.
"""

import json
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

Row = tuple[str, str, str]
"""Partition key, row key, and the other properties as JSON."""

_CREATE: Final = "CREATE TABLE rows (pk TEXT, rk TEXT, body TEXT, PRIMARY KEY (pk, rk)) WITHOUT ROWID"
_SELECT: Final = "SELECT pk, rk, body FROM rows WHERE {} ORDER BY rk LIMIT ?"
_CONDITION: Final = re.compile(r"(\w+) (eq|gt|ge|lt|le) (?:datetime)?'((?:[^']|'')*)'")
_SIGNS: Final = {"eq": "=", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_KEYS: Final = {"PartitionKey": "pk", "RowKey": "rk"}
_ROW: Final = re.compile(r"/bench/orders\(PartitionKey='([^']*)',RowKey='([^']*)'\)")
_MAX_PAGE: Final = 1_000


@dataclass
class Tables:
    """The service, and what it was asked for."""

    url: str
    requests: int = 0
    rows: int = 0

    @property
    def connection_string(self) -> str:
        return f"AccountName=bench;AccountKey=a2V5;TableEndpoint={self.url}/bench"


def load(path: Path, rows: Iterable[Row]) -> None:
    """Store rows, all of them new."""
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA synchronous = OFF")
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA cache_size = -1000000")
        database.execute(_CREATE)
        database.executemany("INSERT INTO rows VALUES (?, ?, ?)", rows)
    database.close()


@contextmanager
def ordered_tables(path: Path) -> Iterator[Tables]:
    """Serve loaded rows for the length of the block, on a free port."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)
    one_at_a_time = Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # Else the end of an answer waits 40 ms for the client to confirm its beginning, and hides what a page costs.
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            one = _ROW.fullmatch(unquote(url.path))
            with one_at_a_time:
                found, following = _page(database, query) if one is None else (_row(database, *one.groups()), {})
                tables.requests += 1
                tables.rows += len(found)
            is_missing = one is not None and not found
            content = json.dumps({"value": found} if one is None or is_missing else found[0]).encode()
            self.send_response(404 if is_missing else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            # The shop takes an answer without one for that of something in between.
            self.send_header("x-ms-request-id", str(tables.requests))
            for name, value in following.items():
                self.send_header(f"x-ms-continuation-{name}", value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tables = Tables(f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield tables
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
        database.close()


def _row(database: sqlite3.Connection, partition: str, key: str) -> list[dict[str, Any]]:
    found = database.execute("SELECT pk, rk, body FROM rows WHERE pk = ? AND rk = ?", (partition, key)).fetchall()
    return [_entity(row) for row in found]


def _page(database: sqlite3.Connection, query: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    conditions = [(name, sign, value.replace("''", "'")) for name, sign, value in _CONDITION.findall(query["$filter"])]
    if "NextRowKey" in query:
        conditions.append(("RowKey", "ge", query["NextRowKey"]))
    asked = " AND ".join(f"{_column(name)} {_SIGNS[sign]} ?" for name, sign, _ in conditions)
    size = min(int(query.get("$top", _MAX_PAGE)), _MAX_PAGE)
    values = (*(value for _, _, value in conditions), size + 1)
    found = database.execute(_SELECT.format(asked), values).fetchall()
    following = {"NextPartitionKey": found[size][0], "NextRowKey": found[size][1]} if len(found) > size else {}
    return [_entity(row) for row in found[:size]], following


def _column(name: str) -> str:
    return _KEYS.get(name) or f"json_extract(body, '$.{name}')"


def _entity(row: Row) -> dict[str, Any]:
    partition, key, body = row
    # Every row of the service has a version, and the client expects it.
    return {"odata.etag": 'W/"1"', "PartitionKey": partition, "RowKey": key, **json.loads(body)}
