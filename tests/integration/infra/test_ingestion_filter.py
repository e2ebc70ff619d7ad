"""A share of the orders in the logs: no alert misses a row, an order is whole or reduced to what alerts read."""

import json
import random
import sys
from collections import Counter
from functools import cache
from typing import Any

import duckdb_kql
import pytest
from duckdb_kql.engine import schema

from adapters.telemetry.whole_traces import is_in_share
from scripts.cost.telemetry import READ_LINES
from scripts.ingestion_filter import TABLES, main, rule, transformation
from tests.integration.infra import recorded_rows
from tests.integration.infra.recorded_rows import RECORDED
from tests.integration.infra.test_queries_on_recordings import reads_recorded_tables, rules
from tests.integration.infra.test_queries_on_rows import RAISED

RECORDINGS = sorted(path.stem for path in RECORDED.glob("*.jsonl"))
RULES = sorted(name for name in rules() if reads_recorded_tables(name))


@cache
def translated(table: str, percent: int) -> str:
    """Return a transformation in SQL. Translating takes longer than all else, so once."""
    query = transformation(table, percent).replace("source", table, 1)
    return str(duckdb_kql.to_sql(query, schema=schema(recorded_rows._tables())))


def apply(connection: Any, percent: int) -> None:
    """Leave in the tables what the transformations let through."""
    for table in TABLES:
        connection.execute(f"CREATE OR REPLACE TEMP TABLE kept AS {translated(table, percent)}")
        connection.execute(f'DELETE FROM "{table}"')
        connection.execute(f'INSERT INTO "{table}" SELECT * FROM kept')


def test_every_alert_finds_the_same_where_no_order_is_in_the_share() -> None:
    connection = recorded_rows._tables()
    rows = [
        recorded_rows.Item(table, {**row, "OperationId": f"{row['OperationId']:x>32}"})
        for copy in range(3)
        for table, row in recorded_rows._rows(RECORDINGS, str(copy))
    ]

    def found() -> dict[str, list[Any]]:
        return {name: sorted(connection.sql(recorded_rows._translated(name)).fetchall(), key=str) for name in RULES}

    connection.begin()  # in which the time stands still
    try:
        recorded_rows._insert(connection, rows, "orders")
        before = found()
        apply(connection, 0)
        assert found() == before
    finally:
        connection.rollback()
    assert sum(map(bool, before.values())) >= 8, "the recordings raise alerts"


@pytest.mark.parametrize("rule", sorted(RAISED))
def test_what_raises_an_alert_raises_it_where_no_order_is_in_the_share(rule: str) -> None:
    connection = recorded_rows._tables()
    for rows in RAISED[rule]:
        given = [*recorded_rows._items_of_lines(rows.get("lines", ())), *rows.get("items", ())]
        connection.begin()
        try:
            recorded_rows._insert(connection, given, "orders")
            apply(connection, 0)
            assert connection.sql(recorded_rows._translated(rule)).fetchall(), rows
        finally:
            connection.rollback()


def stored(percent: int, orders: list[str]) -> dict[str, Counter[str]]:
    """Return how many rows of each table are stored of orders that went as the recorded one."""
    connection = recorded_rows._tables()
    shape = list(recorded_rows._rows(["order"], "0"))
    rows = [recorded_rows.Item(table, {**row, "OperationId": each}) for each in orders for table, row in shape]
    connection.begin()
    try:
        recorded_rows._insert(connection, rows, "orders")
        apply(connection, percent)
        found = {}
        for table in ("AppTraces", "AppDependencies", "AppRequests", "AppExceptions"):
            counts = connection.sql(f'SELECT "OperationId", count(*) FROM "{table}" GROUP BY 1').fetchall()
            found[table] = Counter(dict(counts))
        return found
    finally:
        connection.rollback()


def test_an_order_is_whole_or_has_what_alerts_read() -> None:
    drawn = random.Random(3)
    orders = [f"{drawn.getrandbits(128):032x}" for _ in range(40)]
    all_of_it = stored(100, orders)
    kept, least = stored(30, orders), stored(0, orders)
    for order in orders:
        expected = all_of_it if is_in_share(int(order, 16), 30) else least
        assert {table: rows[order] for table, rows in kept.items()} == {t: rows[order] for t, rows in expected.items()}
    assert 4 <= sum(is_in_share(int(each, 16), 30) for each in orders) <= 20
    assert least["AppRequests"] == all_of_it["AppRequests"]
    facts, lines = (
        6,
        {name: sum(rows["AppTraces"].values()) / len(orders) for name, rows in (("all", all_of_it), ("read", least))},
    )
    assert (lines["read"] - facts) / (lines["all"] - facts) == READ_LINES, "what the model of the costs counts"


def test_the_rule_names_its_workspace_and_both_tables() -> None:
    made = json.loads(json.dumps(rule(10, "/subscriptions/s/ws", "westeurope")))
    assert made["kind"] == "WorkspaceTransforms"
    assert made["properties"]["destinations"]["logAnalytics"][0]["workspaceResourceId"] == "/subscriptions/s/ws"
    streams = [stream for flow in made["properties"]["dataFlows"] for stream in flow["streams"]]
    assert streams == ["Microsoft-Table-AppTraces", "Microsoft-Table-AppDependencies"]


@pytest.mark.parametrize("percent", ["-1", "101", "1e2", "²", "9" * 5_000, "some"])
def test_a_share_that_is_none_is_refused_in_a_few_words(percent, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["scripts.ingestion_filter", "--workspace", "w", "--location", "l", "--", percent])
    with pytest.raises(SystemExit):
        main()
    assert capsys.readouterr().err.endswith("error: argument PERCENT: must be from 0 to 100\n")
