"""Run a query on what the real Functions host sent to Application Insights: the rows of `recorded`, in an engine for KQL."""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb_kql

from tests.support.templates.bicep import INFRA, ROOT

RECORDED = Path(__file__).parent / "recorded"
TABLES: dict[str, dict[str, str]] = json.loads((ROOT / "scripts/kql_tables.json").read_text(encoding="utf-8"))
QUERIES = INFRA / "queries"
PRELUDE = (QUERIES / "prelude.kql").read_text(encoding="utf-8")

Row = dict[str, Any]

_TYPES = {
    "string": "VARCHAR",
    "datetime": "TIMESTAMP",
    "int": "INTEGER",
    "real": "DOUBLE",
    "dynamic": "JSON",
    "bool": "BOOLEAN",
}
_SEVERITY = {"Information": 1, "Warning": 2, "Error": 3}


def rows_found(
    query: str,
    *recordings: str,
    copies: int = 1,
    age: timedelta = timedelta(),
    slot: str = "",
    lines: Sequence[str] = (),
) -> list[Row]:
    """Return what a query of `infra/queries` gives when these recordings are all that there is.

    copies: how many times each was done, with other ids. age: how long ago. slot: what the app's role name ends in.
    lines: what the app has logged besides, in the shape of a recorded line.
    """
    connection = duckdb_kql.connect()
    for table, columns in TABLES.items():
        listed = ", ".join(f'"{name}" {_TYPES[kind]}' for name, kind in columns.items())
        connection.sql(f"CREATE TABLE {table} ({listed})")
    for copy in range(copies):
        for place, (table, row) in enumerate([*_rows(recordings, str(copy)), *_rows_of_lines(lines)]):
            time = datetime.now(UTC) - age + timedelta(milliseconds=place - 10_000)
            given = {"TimeGenerated": time.replace(tzinfo=None), "AppRoleName": f"orders{slot}", "ItemCount": 1, **row}
            names, marks = ", ".join(f'"{name}"' for name in given), ", ".join("?" * len(given))
            connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(given.values()))
    found = duckdb_kql.query(connection, f"{PRELUDE}\n{(QUERIES / f'{query}.kql').read_text(encoding='utf-8')}")
    return [dict(zip(found.columns, values, strict=True)) for values in found.fetchall()]


@cache
def _items(recording: str) -> Sequence[Row]:
    return [json.loads(line) for line in (RECORDED / f"{recording}.jsonl").read_text(encoding="utf-8").splitlines()]


def _rows(recordings: Sequence[str], copy: str) -> Iterator[tuple[str, Row]]:
    for recording in recordings:
        for item in _items(recording):
            row = _row(item)
            row["OperationId"] = f"{recording} {copy} {item['operation'].get('id')}"
            yield item["type"], {name: value for name, value in row.items() if name in TABLES[item["type"]]}


def _rows_of_lines(lines: Sequence[str]) -> Iterator[tuple[str, Row]]:
    shape = next(item for item in _items("order") if str(item.get("category")).endswith(".User"))
    for line in lines:
        row = _row({**shape, "level": "Warning", "message": line})
        yield shape["type"], {name: value for name, value in row.items() if name in TABLES[shape["type"]]}


def _row(item: Row) -> Row:
    thrown = item.get("exceptions") or []
    return {
        "Message": (item.get("message") or "").replace(
            "<n>", "1"
        ),  # a number that was replaced: without one it is no JSON
        "SeverityLevel": _SEVERITY.get(item.get("level") or ""),
        "OperationName": item["operation"].get("name"),
        "AppRoleInstance": "one",
        "Properties": json.dumps(_properties(item)),
        "Name": item.get("name"),
        "Url": item.get("url"),
        "Success": item.get("success"),
        "ResultCode": item.get("responseCode"),
        "DurationMs": 1.0,
        "DependencyType": item.get("dependencyType"),
        "ExceptionType": thrown[0]["type"] if thrown else None,
        "OuterMessage": thrown[0]["message"] if thrown else None,
        "InnermostMessage": thrown[-1]["message"] if thrown else None,
        "Details": json.dumps(thrown),
    }


def _properties(item: Row) -> Row:
    """Return the custom properties, those that were left out filled in from the text which is made of them."""
    properties: Row = dict(item["properties"])
    message, category = str(item.get("message") or ""), str(item.get("category") or "")
    known: Row = {"Category": category}
    if match := re.match(r"Function\.([^.]+)", category):
        known["prop__functionName"] = match[1]
    if match := re.match(r"(\S+): (?:Function '|Abandoning|Message|Discarding)", message):
        known["prop__instanceId"] = known["prop__InstanceId"] = match[1]
    if match := re.search(r"IsReplay: (\w+)", message):
        known["prop__isReplay"] = match[1]
    return properties | {name: value for name, value in known.items() if name == "Category" or name in properties}
