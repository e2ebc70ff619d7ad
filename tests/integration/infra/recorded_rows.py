"""Run a query on what the real Functions host sent to Application Insights: the rows of `recorded`, in an engine for KQL."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import duckdb_kql
from duckdb_kql.engine import schema

from tests.support.templates.bicep import INFRA, ROOT

RECORDED = Path(__file__).parent / "recorded"
TABLES: dict[str, dict[str, str]] = json.loads((ROOT / "scripts/kql_tables.json").read_text(encoding="utf-8"))
QUERIES = INFRA / "queries"
PRELUDE = (QUERIES / "prelude.kql").read_text(encoding="utf-8")

Row = dict[str, Any]


@dataclass(frozen=True)
class Line:
    """What the app has logged. age: how long ago. function: in which function."""

    message: str
    age: timedelta = timedelta()
    level: str = "Information"
    function: str = "process_order"


@dataclass(frozen=True)
class Item:
    """A row of a table that no recording has, in the columns that its documentation names."""

    table: str
    columns: Row
    age: timedelta = timedelta()


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
    lines: Sequence[str | Line] = (),
    items: Sequence[Item] = (),
) -> list[Row]:
    """Return what a query of `infra/queries` gives when these recordings are all that there is.

    copies: how many times each was done, with other ids. age: how long ago. slot: what the app's role name ends in.
    lines: what the app has logged besides, in the shape of a recorded line; a text alone is a warning of just now.
    """
    rows = [Item(table, row, age) for copy in range(copies) for table, row in _rows(recordings, str(copy))]
    rows += [*_items_of_lines(lines), *items]
    connection = _tables()
    connection.begin()
    try:
        _insert(connection, rows, f"orders{slot}")
        found = connection.sql(_translated(query))
        return [dict(zip(found.columns, values, strict=True)) for values in found.fetchall()]
    finally:
        connection.rollback()


@cache
def _tables() -> Any:
    """Return a connection to empty tables, which each query fills for itself and leaves empty."""
    connection = duckdb_kql.connect()
    connection.execute("SET TimeZone='UTC'")
    for table, columns in TABLES.items():
        listed = ", ".join(f'"{name}" {_TYPES[kind]}' for name, kind in columns.items())
        connection.sql(f'CREATE TABLE "{table}" ({listed})')
    return connection


@cache
def _translated(query: str) -> str:
    """Return a query in SQL, with the prelude before it. Translating takes longer than all else, so once."""
    text = f"{PRELUDE}\n{(QUERIES / f'{query}.kql').read_text(encoding='utf-8')}"
    # The engine does not know it; its tables have every column.
    text = re.sub(r'column_ifexists\("(\w+)", ""\)', r"\1", text)
    return str(duckdb_kql.to_sql(text, schema=schema(_tables())))


def _insert(connection: Any, rows: Sequence[Item], role: str) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    per_table: dict[str, list[Row]] = {}
    for place, item in enumerate(rows):
        time = now - item.age + timedelta(milliseconds=place - 10_000)
        given = {"TimeGenerated": time, "AppRoleName": role, "ItemCount": 1, **item.columns}
        per_table.setdefault(item.table, []).append(given)
    for table, filled in per_table.items():
        names = list(TABLES[table])
        marks = ", ".join(["(" + ", ".join("?" * len(names)) + ")"] * len(filled))
        values = [row.get(name) for row in filled for name in names]
        connection.execute(f'INSERT INTO "{table}" VALUES {marks}', values)


@cache
def _items(recording: str) -> Sequence[Row]:
    return [json.loads(line) for line in (RECORDED / f"{recording}.jsonl").read_text(encoding="utf-8").splitlines()]


def _rows(recordings: Sequence[str], copy: str) -> Iterator[tuple[str, Row]]:
    for recording in recordings:
        for item in _items(recording):
            row = _row(item)
            row["OperationId"] = f"{recording} {copy} {item['operation'].get('id')}"
            yield item["type"], {name: value for name, value in row.items() if name in TABLES[item["type"]]}


def _items_of_lines(lines: Sequence[str | Line]) -> Iterator[Item]:
    shape = next(item for item in _items("order") if str(item.get("message")).startswith('{"evt"'))  # the app's own
    for each in lines:
        line = each if isinstance(each, Line) else Line(each, level="Warning")
        category = f"Function.{line.function}.User"
        row = _row({**shape, "level": line.level, "message": line.message, "category": category})
        yield Item(shape["type"], row, line.age)


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
