"""A table service for `bench.order_repository` whose rows lie in the order of their keys, as Azure's do and the emulator's do not.

Azure Table Storage has one index, over PartitionKey and RowKey, and answers a range of row keys of one partition by reading that
range alone. This keeps rows in SQLite under the same key and answers what the order repository asks, over HTTP to the real client
library: ranges of keys of one partition, in pages. It knows nothing else, and is no stand-in for tests.
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
from urllib.parse import parse_qs, urlsplit

Row = tuple[str, str, str]
"""Partition key, row key, and the other properties as JSON."""

_CREATE: Final = "CREATE TABLE rows (pk TEXT, rk TEXT, body TEXT, PRIMARY KEY (pk, rk)) WITHOUT ROWID"
_SELECT: Final = "SELECT rk, body FROM rows WHERE pk = ? AND rk >= ? AND rk < ? ORDER BY rk LIMIT ?"
_PARTITION: Final = re.compile("PartitionKey eq '([^']*)'")
_FROM: Final = re.compile("RowKey (gt|ge) '([^']*)'")
_BEFORE: Final = re.compile("RowKey lt '([^']*)'")
_BEHIND_ALL: Final = "\U0010ffff"
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

        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            with one_at_a_time:
                found, following = _page(database, query)
                tables.requests += 1
                tables.rows += len(found)
            content = json.dumps({"value": found}).encode()
            self.send_response(200)
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


def _page(database: sqlite3.Connection, query: dict[str, str]) -> tuple[list[dict[str, Any]], dict[str, str]]:
    asked = query["$filter"]
    (partition,) = _PARTITION.findall(asked)
    ((relation, first),) = _FROM.findall(asked)
    before = (*_BEFORE.findall(asked), _BEHIND_ALL)[0]
    begin = max(f"{first}\0" if relation == "gt" else first, query.get("NextRowKey", ""))
    size = min(int(query.get("$top", _MAX_PAGE)), _MAX_PAGE)
    found = database.execute(_SELECT, (partition, begin, before, size + 1)).fetchall()
    rows = [{"PartitionKey": partition, "RowKey": key, **json.loads(body)} for key, body in found[:size]]
    following = {"NextPartitionKey": partition, "NextRowKey": found[size][0]} if len(found) > size else {}
    return rows, following
