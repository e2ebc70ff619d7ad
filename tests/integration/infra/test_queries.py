"""The queries: sound, used, and the same in alerts and workbook."""

import json
import os
import re
import subprocess

import pytest

from scripts.node import require_node
from tests.support.templates.bicep import INFRA, ROOT, evaluate, of_type, properties
from tests.support.templates.combinations import LEGAL, PLAIN

QUERIES = INFRA / "queries"
PRELUDE = (QUERIES / "prelude.kql").read_text(encoding="utf-8")
FILES = sorted(path for path in QUERIES.glob("*.kql") if path.name != "prelude.kql")


def check(*queries: object) -> tuple[bool, str]:
    """Whether the queries are sound, and what the checker says."""
    command = [
        str(require_node().node),
        str(ROOT / "scripts" / "kql.mjs"),
        str(QUERIES / "prelude.kql"),
        *map(str, queries),
    ]
    env = os.environ | {"NODE_PATH": str(ROOT / "node_modules")}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    return done.returncode == 0, done.stdout + done.stderr


def test_queries_are_sound_as_files_and_as_deployed(tmp_path):
    graph = tmp_path / "graph.json"
    graph.write_text(json.dumps(evaluate(PLAIN[0]).resources, default=str))
    sound, said = check(*FILES, graph)
    assert sound, said


def test_checker_sees_a_column_that_does_not_exist(tmp_path):
    (tmp_path / "wrong.kql").write_text("statuses | where statu == 'failed'")
    sound, said = check(tmp_path / "wrong.kql")
    assert not sound
    assert "statu" in said


def test_every_query_is_used_and_says_what_it_is_for():
    modules = "".join(path.read_text() for path in (INFRA / "modules").glob("*.bicep"))
    for path in FILES:
        assert f"loadTextContent('../queries/{path.name}')" in modules, path.name
        assert path.read_text().startswith("// "), path.name


def test_alerts_run_the_query_files_and_are_named_after_them():
    rules = of_type(evaluate(PLAIN[0]), "Microsoft.Insights/scheduledQueryRules")
    for rule in rules:
        (criterion,) = properties(rule)["criteria"]["allOf"]
        name = str(rule["name"]).removeprefix("orders-test-").replace("-", "_")
        assert criterion["query"] == PRELUDE + (QUERIES / f"{name}.kql").read_text()


@pytest.mark.parametrize(
    "wanted",
    [
        "failed_orchestrations",
        "non_determinism",
        "worker_died",
        "newer_version",
        "poison_messages",
        "needs_attention",
        "dead_letters",
        "payment_drift",
        "payments_unread",
        "stuck_orders",
        "retry_rate",
        "host_silent",
    ],
)
def test_an_alert_is_sent_for(wanted):
    names = {str(one["name"]) for one in of_type(evaluate(PLAIN[0]), "Microsoft.Insights/scheduledQueryRules")}
    assert f"orders-test-{wanted.replace('_', '-')}" in names


def test_workbook_is_json_with_every_chart_on_a_tab():
    (workbook,) = of_type(evaluate(PLAIN[0]), "Microsoft.Insights/workbooks")
    items = json.loads(properties(workbook)["serializedData"])["items"]
    tabs = {link["subTarget"] for item in items if item["type"] == 11 for link in item["content"]["links"]}
    charts = [item for item in items if item["type"] == 3]
    assert {chart["conditionalVisibility"]["value"] for chart in charts} == tabs
    assert all(chart["content"]["query"].startswith(PRELUDE) for chart in charts)


def test_queries_leave_the_staging_slot_out():
    for path in FILES:
        bare = re.findall(r"\b(AppTraces|AppRequests|AppDependencies|AppExceptions)\b", path.read_text())
        assert not bare or "-staging" in path.read_text(), path.name


def test_no_alert_is_left_out_by_a_plan():
    # With Front Door there is one more, on its firewall, and with copies in another region one on their age.
    counts = {
        len(of_type(evaluate(given), "Microsoft.Insights/scheduledQueryRules"))
        - bool(given.get("frontDoor"))
        - bool(given.get("backupLocation"))
        for given in LEGAL
    }
    assert len(counts) == 1
